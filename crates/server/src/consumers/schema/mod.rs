//! The JSON Schema of a route's input: what does not fit it is refused before a job exists, whoever serves the route.

mod best;
mod once;
mod reach;
mod slips;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use jsonschema::{PatternOptions, ValidationError, Validator};
use longwire_engine::{BadInput, Consumer, Serving, Task};
use longwire_protocol::{Payload, Seconds};
use serde_json::Value;

use once::Once;
use reach::Reach;

/// Bytes of one compiled pattern at most, and of what it remembers while it looks.
const PATTERN_BYTES: usize = 1 << 20;
/// The work, in values looked at, of finding out where an input is wrong at most.
const MOST_WORK: usize = 20_000;

/// A schema, ready to be held against inputs.
pub(crate) struct Schema {
    schema: Value,
    validator: Validator,
    reach: Reach,
}

/// What is wrong in a value, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The keys and numbers on the way to it.
    pub(crate) path: Vec<String>,
    /// What is wrong, was got and would be right, as the end of a sentence that begins with the place.
    pub(crate) what: String,
}

impl Schema {
    /// Reads a schema of draft 2020-12, or of the one that its `$schema` names. Nothing is looked up outside of it.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn new(schema: &Value) -> Result<Self, Mistake> {
        slips::check(schema)?;
        let reach = Reach::of(schema)?;
        let patterns = PatternOptions::regex()
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES);
        let built = jsonschema::options()
            .offline()
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .build(schema);
        Ok(Self {
            validator: built.map_err(|error| reach.blame(of_schema(&error)))?,
            schema: schema.clone(),
            reach,
        })
    }

    /// Looks at an input; none counts as null.
    ///
    /// # Errors
    /// The first mistake of it, or the one that is most likely meant.
    pub(crate) fn check(&self, input: Option<&Payload>) -> Result<(), BadInput> {
        let Some(input) = input else {
            return self.check_value(&Value::Null).map_err(|bad| BadInput {
                message: bad.message.replacen("it is null", "there is none", 1),
                ..bad
            });
        };
        let Once(value) = input.read().map_err(|error| BadInput {
            field: String::new(),
            message: format!("it cannot be held against a schema: it has {error}"),
        })?;
        self.check_value(&value)
    }

    fn check_value(&self, input: &Value) -> Result<(), BadInput> {
        // This remembers what it has seen, so its work grows with the input and no faster; telling where does not.
        if self.validator.is_valid(input) {
            return Ok(());
        }
        let work = self.reach.work(input);
        let mistake = if work <= MOST_WORK {
            let errors: Vec<ValidationError<'_>> = self.validator.iter_errors(input).collect();
            best::of(&errors, &self.schema)
        } else if self.reach.stops_at_first() {
            let first = self.validator.validate(input).err();
            first.map(|error| best::mistake(&error, &self.schema))
        } else {
            None
        };
        Err(mistake.map_or_else(somewhere, BadInput::from))
    }
}

/// What is wrong with a schema.
fn of_schema(error: &ValidationError<'_>) -> Mistake {
    let mistake = best::mistake(error, &Value::Null);
    match mistake.path.last().map(String::as_str) {
        Some("format") => Mistake {
            what: "is no format that is known".to_owned(),
            ..mistake
        },
        Some(_) | None => mistake,
    }
}

fn somewhere() -> BadInput {
    BadInput {
        field: String::new(),
        message:
            "it does not fit the schema of the route, and is too large or nests too deep to say where"
                .to_owned(),
    }
}

impl From<Mistake> for BadInput {
    fn from(Mistake { path, what }: Mistake) -> Self {
        Self {
            field: path.join("."),
            message: format!("it {what}"),
        }
    }
}

/// A consumer that is given only inputs that fit a schema.
pub(crate) struct Checked {
    schema: Arc<Schema>,
    inner: Arc<dyn Consumer>,
}

impl Checked {
    pub(crate) const fn new(schema: Arc<Schema>, inner: Arc<dyn Consumer>) -> Self {
        Self { schema, inner }
    }
}

impl Consumer for Checked {
    fn serve(&self, task: Task) -> Serving {
        self.inner.serve(task)
    }

    fn is_clock(&self) -> bool {
        self.inner.is_clock()
    }

    fn check(&self, input: Option<&Payload>) -> Result<(), BadInput> {
        self.schema.check(input)?;
        self.inner.check(input)
    }

    fn schema(&self) -> Option<Payload> {
        Payload::new(&self.schema.schema).ok()
    }

    fn force_time(&self) -> Option<Seconds> {
        self.inner.force_time()
    }
}
