//! What is started for an input.

use std::{collections::BTreeMap, path::PathBuf};

use longwire_engine::BadInput;
use longwire_protocol::{Attempt, Payload, Seconds, Spec};
use longwire_shim::{Limits, wire::Start};
use serde_json::{Map, Value, json};

use super::super::{
    output::{
        Printer,
        progress::{Reader, Rule},
        result::Gathered,
    },
    template::{self, Template, bad},
};
use super::run::Outlet;
use crate::{
    config::{ExecConfig, ResultConfig, StdinConfig},
    keeper,
};

/// Bytes of one argument at most: what Linux takes (`MAX_ARG_STRLEN`, execve(2)), its closing NUL left out.
const ARGUMENT_BYTES: usize = 131_071;

/// The command of a route, ready to be filled.
pub(super) struct Plan {
    argv: Vec<Template>,
    dir: PathBuf,
    env: BTreeMap<String, String>,
    stdin: Stdin,
    limits: Limits,
    /// The cgroup that those of the commands are made in, where one can be had.
    cgroup: Option<PathBuf>,
    progress: Vec<Rule>,
    output_bytes: u64,
    /// Bytes of the job's result, where stdout is that.
    result_bytes: Option<usize>,
}

enum Stdin {
    Nothing,
    Json,
    Field(String),
}

/// A command with an input in it.
pub(super) struct Filled {
    argv: Vec<String>,
    stdin: String,
}

impl Plan {
    /// # Errors
    /// What is wrong with the configuration, which its own check has found before.
    pub(super) fn new(config: &ExecConfig, cgroup: Option<PathBuf>) -> Result<Self, String> {
        let argv = config.argv.iter().map(|text| Template::parse(text));
        let progress = config.progress.iter().map(|text| Rule::parse(text));
        let field = || config.stdin_field.clone().ok_or("stdin_field is missing");
        Ok(Self {
            argv: argv.collect::<Result<_, _>>()?,
            dir: keeper::dir(config.dir.as_deref()).map_err(|error| error.to_string())?,
            env: keeper::environment(&config.env, &config.pass_env),
            stdin: match config.stdin {
                StdinConfig::None => Stdin::Nothing,
                StdinConfig::Json => Stdin::Json,
                StdinConfig::Field => Stdin::Field(field()?),
            },
            limits: Limits {
                memory_bytes: config.memory_bytes,
                cpu_seconds: config.cpu_seconds,
                open_files: config.open_files,
            },
            cgroup,
            progress: progress.collect::<Result<_, _>>()?,
            output_bytes: config.output_bytes,
            result_bytes: match config.result {
                ResultConfig::Exit => None,
                ResultConfig::Json => Some(config.result_bytes),
            },
        })
    }

    /// The order to start the command for a job.
    pub(super) fn start(
        &self,
        spec: &Spec,
        attempt: Attempt,
        grace: Seconds,
    ) -> Result<Start, BadInput> {
        let Filled { argv, stdin } = self.fill(spec.input.as_ref())?;
        let mut env = self.env.clone();
        env.insert("LONGWIRE_CONNID".to_owned(), spec.connid.to_string());
        env.insert(keeper::JOB.to_owned(), spec.job.to_string());
        env.insert("LONGWIRE_ATTEMPT".to_owned(), attempt.to_string());
        Ok(Start {
            argv,
            dir: self.dir.clone(),
            env,
            stdin,
            more_stdin: false,
            limits: self.limits,
            cgroup: self
                .cgroup
                .as_ref()
                .map(|own| own.join(format!("longwire-{}-{attempt}", spec.job))),
            grace_ms: grace.as_micros() / 1_000,
        })
    }

    /// What becomes of all that one command prints.
    pub(super) fn outlet(&self) -> Outlet {
        Outlet {
            printer: Printer::new(self.output_bytes, Reader::new(&self.progress)),
            gathered: self.result_bytes.map(Gathered::new),
        }
    }

    /// The command with an input in it.
    pub(super) fn fill(&self, input: Option<&Payload>) -> Result<Filled, BadInput> {
        let fields = self.fields(input)?;
        let mut argv: Vec<String> = Vec::with_capacity(self.argv.len());
        let mut options_over = false;
        for template in &self.argv {
            let filled = template.fill(&fields)?;
            if let Some(field) = filled.begins_with
                && !options_over
            {
                refuse_option(&field, &filled.text)?;
            }
            if filled.text.len() > ARGUMENT_BYTES {
                let message =
                    format!("an argument of the command has at most {ARGUMENT_BYTES} bytes");
                return Err(bad("", &message));
            }
            // As the route has it: one that an input made could be the value of an option.
            options_over |= template.is_plain() && filled.text == "--";
            argv.push(filled.text);
        }
        Ok(Filled {
            argv,
            stdin: self.stdin(input, &fields)?,
        })
    }

    /// What an input has to be to fill the command, as a JSON Schema; none where any will do. It says nothing of what only a string
    /// can have wrong, such as a NUL.
    pub(super) fn schema(&self) -> Option<Value> {
        let words = self.argv.iter().flat_map(Template::fields);
        let word = |name: &str| (name.to_owned(), template::word_schema());
        let mut properties: Map<String, Value> = words.map(word).collect();
        if let Stdin::Field(name) = &self.stdin {
            properties.insert(name.clone(), json!({ "type": "string" }));
        }
        let required: Vec<&String> = properties.keys().collect();
        (!required.is_empty())
            .then(|| json!({ "type": "object", "required": required, "properties": properties }))
    }

    /// The fields of an input, which is looked into only where the command needs some.
    fn fields(&self, input: Option<&Payload>) -> Result<Map<String, Value>, BadInput> {
        let plain = self.argv.iter().all(Template::is_plain);
        if plain && !matches!(self.stdin, Stdin::Field(_)) {
            return Ok(Map::new());
        }
        template::fields(input, true)
    }

    fn stdin(
        &self,
        input: Option<&Payload>,
        fields: &Map<String, Value>,
    ) -> Result<String, BadInput> {
        match &self.stdin {
            Stdin::Nothing => Ok(String::new()),
            Stdin::Json => Ok(input.map_or("null", Payload::as_str).to_owned()),
            Stdin::Field(name) => match fields.get(name) {
                Some(Value::String(text)) => Ok(text.clone()),
                Some(_) => Err(bad(name, "it must be a string: the command reads it")),
                None => Err(bad(
                    name,
                    "it is missing; it must be a string: the command reads it",
                )),
            },
        }
    }
}

/// A value that the program would take for an option of its own. A number is none to any program that takes numbers.
fn refuse_option(field: &str, argument: &str) -> Result<(), BadInput> {
    if !argument.starts_with('-') || is_number(argument) {
        return Ok(());
    }
    Err(bad(
        field,
        "it begins with \"-\", which the command could take for an option",
    ))
}

/// A number as JSON has it: `-inf` and `-nan` are words, which may be options.
fn is_number(argument: &str) -> bool {
    let digits = argument.ends_with(|last: char| last.is_ascii_digit());
    digits && serde_json::from_str::<serde_json::Number>(argument).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::consumers::schema::Schema;

    fn plan(text: &str) -> Plan {
        Plan::new(&toml::from_str(text).unwrap(), None).unwrap()
    }

    fn value() -> impl Strategy<Value = Option<Value>> {
        prop_oneof![
            Just(None),
            Just(Some(Value::Null)),
            any::<bool>().prop_map(|flag| Some(flag.into())),
            any::<i64>().prop_map(|number| Some(number.into())),
            any::<f32>().prop_map(|number| Some(json!(number))),
            any::<String>().prop_map(|text| Some(text.into())),
            "-[a-z]|a\0b|-[0-9]".prop_map(|text| Some(text.into())),
            Just(Some(json!([1]))),
            Just(Some(json!({ "a": 1 }))),
        ]
    }

    fn input() -> impl Strategy<Value = Value> {
        let fields = (value(), value(), value()).prop_map(|(a, b, text)| {
            let named = [("a", a), ("b", b), ("text", text)];
            let there = named
                .into_iter()
                .filter_map(|(name, it)| Some((name.to_owned(), it?)));
            Value::Object(there.collect())
        });
        prop_oneof![
            9 => fields,
            1 => value().prop_map(|value| value.unwrap_or_else(|| json!([]))),
        ]
    }

    /// A string may have more wrong with it than a schema's type says.
    fn is_harmless(value: &Value) -> bool {
        let texts = value.as_object().into_iter().flat_map(Map::values);
        let mut texts = texts.filter_map(Value::as_str);
        texts.all(|text| !text.contains('\0') && !text.starts_with('-'))
    }

    proptest! {
        #[test]
        fn the_schema_of_a_command_and_the_command_agree(input in input()) {
            for text in [
                "argv = ['x', '{a}', '-o={b}{a}']",
                "argv = ['x', '{a}']\nstdin = 'field'\nstdin_field = 'text'",
                "argv = ['x', '{text}']\nstdin = 'field'\nstdin_field = 'text'",
            ] {
                let plan = plan(text);
                let schema = Schema::new(&plan.schema().unwrap()).unwrap();
                let payload = Payload::new(&input).unwrap();
                let fits = schema.check(Some(&payload));
                let fills = plan.fill(Some(&payload)).map(drop);
                if fills.is_ok() || is_harmless(&input) {
                    prop_assert_eq!(fits.is_ok(), fills.is_ok(), "{} {:?} {:?}", text, fits, fills);
                }
            }
        }
    }

    #[test]
    fn a_value_is_no_option() {
        let values: [(&str, &str, bool); 16] = [
            ("['x', '{a}']", "-1", true),
            ("['x', '{a}']", "-1.5e3", true),
            ("['x', '{a}']", "-0", true),
            ("['x', '{a}']", "-inf", false),
            ("['x', '{a}']", "-infinity", false),
            ("['x', '{a}']", "-nan", false),
            ("['x', '{a}']", "-NaN", false),
            ("['x', '{a}']", "-.5", false),
            ("['x', '{a}']", "-1 ", false),
            ("['x', '{a}']", "-1\n", false),
            ("['x', '{a}']", "-", false),
            ("['x', '{a}']", "--", false),
            ("['x', '-o={a}']", "-n", true),
            ("['x', '--', '{a}']", "-n", true),
            // A "--" that an input has made is not the route's.
            ("['x', '-{a}', '{a}']", "-", false),
            ("['x', '{{--}}', '{a}']", "-n", false),
        ];
        for (argv, value, fills) in values {
            let payload = Payload::new(&json!({ "a": value })).unwrap();
            let filled = plan(&format!("argv = {argv}")).fill(Some(&payload));
            assert_eq!(filled.is_ok(), fills, "{argv} with {value:?}");
        }
    }

    #[test]
    fn a_command_that_takes_any_input_has_no_schema() {
        assert_eq!(plan("argv = ['ls', '-l']\nstdin = 'json'").schema(), None);
    }
}
