//! Lines that are a JSON object each, as many programs log.

use longwire_protocol::Progress;
use serde_json::{Map, Value};

use super::{Piece, Read, laid_over, of_parts};

pub(super) struct Json;

impl Read for Json {
    fn read(&mut self, piece: Piece<'_>, before: &Progress) -> Option<Progress> {
        let Piece::Line(line) = piece else {
            return None;
        };
        let line = line.trim();
        // Most lines are none, and need not be read for that.
        let object = line.starts_with('{').then(|| serde_json::from_str(line));
        let Some(Ok(Value::Object(fields))) = object else {
            return None;
        };
        laid_over(said(&fields), before)
    }
}

/// What the fields say, or else those of the object `progress`, or else the fraction of that name.
fn said(fields: &Map<String, Value>) -> Progress {
    let own = said_by_own(fields);
    match fields.get("progress") {
        Some(Value::Object(inner)) => {
            let inner = said_by_own(inner);
            laid_over(own, &inner).unwrap_or(inner)
        }
        Some(Value::Number(_)) if own.done.is_none() => {
            let fraction = number(fields, "progress").filter(|fraction| *fraction <= 1.0);
            Progress {
                done: fraction,
                total: fraction.map(|_| 1.0),
                ..own
            }
        }
        _ => own,
    }
}

fn said_by_own(fields: &Map<String, Value>) -> Progress {
    let numbers = ["done", "total", "percent"].map(|name| number(fields, name));
    of_parts(numbers, fields.get("note").and_then(Value::as_str))
}

fn number(fields: &Map<String, Value>, name: &str) -> Option<f64> {
    let number = fields.get(name)?.as_f64()?;
    (number.is_finite() && number.is_sign_positive()).then_some(number)
}
