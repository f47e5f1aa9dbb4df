//! Whether what was received is what a dialogue expects.

use std::collections::HashMap;

use serde_json::Value;

/// Values that dialogues have given names to.
#[derive(Clone, Default)]
pub(crate) struct Names(HashMap<String, Value>);

impl Names {
    /// Puts the values of names into a text that is to be sent.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("\"<={name}>\""), &value.to_string());
        }
        filled
    }

    /// Compares exactly, but for placeholders: `<any>`, `<string>`, `<number>`, `<about N>`, `<has TEXT>`, and `<=name>`, which
    /// takes any value the first time and the same one after that. A list that ends in `"<more>"` may go on.
    pub(crate) fn matches(&mut self, expected: &Value, got: &Value) -> Result<(), String> {
        match (expected, got) {
            (Value::String(text), _) if text.starts_with('<') && text.ends_with('>') => {
                self.placeholder(&text[1..text.len() - 1], got)
            }
            (Value::Object(expected), Value::Object(got)) => {
                for key in expected.keys().chain(got.keys()) {
                    match (expected.get(key), got.get(key)) {
                        (Some(expected), Some(got)) => self
                            .matches(expected, got)
                            .map_err(|why| format!("{key}: {why}"))?,
                        (Some(_), None) => return Err(format!("{key} is missing")),
                        (None, _) => return Err(format!("{key} is there too")),
                    }
                }
                Ok(())
            }
            (Value::Array(expected), Value::Array(got)) => self.list(expected, got),
            (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => Ok(()),
            _ if expected == got => Ok(()),
            _ => Err(format!("expected {expected}, got {got}")),
        }
    }

    fn list(&mut self, expected: &[Value], got: &[Value]) -> Result<(), String> {
        let open = expected.last().is_some_and(|last| last == "<more>");
        let listed = if open {
            &expected[..expected.len() - 1]
        } else {
            expected
        };
        if got.len() < listed.len() || (!open && got.len() > listed.len()) {
            return Err(format!(
                "expected {} entries, got {}",
                listed.len(),
                got.len()
            ));
        }
        listed
            .iter()
            .zip(got)
            .try_for_each(|(expected, got)| self.matches(expected, got))
    }

    fn placeholder(&mut self, what: &str, got: &Value) -> Result<(), String> {
        let fits = match what.split_once(' ').unwrap_or((what, "")) {
            ("any", _) => true,
            ("string", _) => got.is_string(),
            ("number", _) => got.is_number(),
            ("about", number) => {
                let near = number.parse::<f64>().map_err(|e| e.to_string())?;
                got.as_f64()
                    .is_some_and(|got| (got - near).abs() <= f64::max(0.1, near / 100.0))
            }
            ("has", text) => got.as_str().is_some_and(|got| got.contains(text)),
            (name, _) if name.starts_with('=') => {
                let known = self
                    .0
                    .entry(name[1..].to_owned())
                    .or_insert_with(|| got.clone());
                known == got
            }
            _ => return Err(format!("what is <{what}>?")),
        };
        if fits {
            Ok(())
        } else {
            Err(format!("expected <{what}>, got {got}"))
        }
    }
}
