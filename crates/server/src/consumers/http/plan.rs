//! What is sent for an input.

use std::{collections::BTreeMap, env};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use longwire_engine::BadInput;
use longwire_protocol::Payload;
use serde_json::{Map, Value, json, value::RawValue};

use super::{
    super::template::{Template, bad},
    headers::{self, TRACEPARENT, TRACESTATE},
    origin::{Base, Origin},
    path::{Path, encode},
    trace::Trace,
};
use crate::config::{BodyConfig, HttpConfig, MethodConfig};

/// Bytes of a path with its query at most: more than servers take.
const TARGET_BYTES: usize = 16 * 1024;
/// The field of an input whose fields are headers.
const HEADERS: &str = "headers";

/// The request of a route, ready to be filled.
pub(super) struct Plan {
    pub(super) origin: Origin,
    base: String,
    path: Path,
    query: Vec<(String, Template)>,
    method: Method,
    headers: Vec<(HeaderName, Template)>,
    secrets: Vec<(HeaderName, HeaderValue)>,
    allowed: Vec<HeaderName>,
    body: Body,
}

enum Body {
    None,
    Json,
    Field(String),
}

/// A request with an input in it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The path and the query.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// The trace that the input belongs to, where it says one.
    pub(super) trace: Option<Trace>,
}

impl Plan {
    /// # Errors
    /// What is wrong with the configuration, which its own check has found before.
    pub(super) fn new(config: &HttpConfig) -> Result<Self, String> {
        let Base { origin, path: base } = Base::parse(&config.url)?;
        let query = config.query.iter();
        let query = query.map(|(name, value)| Ok((encode(name), Template::parse(value)?)));
        let sent = config.headers.iter();
        let sent = sent.map(|(name, value)| Ok((headers::sent(name)?, Template::parse(value)?)));
        let secrets = config.headers_from_env.iter();
        let secrets = secrets.map(|(name, from)| Ok((headers::sent(name)?, secret(from)?)));
        let allowed = config.allow_headers.iter();
        let field = || config.body_field.clone().ok_or("body_field is missing");
        Ok(Self {
            origin,
            base,
            path: Path::parse(&config.path)?,
            query: query.collect::<Result<_, String>>()?,
            method: method(config.method),
            headers: sent.collect::<Result<_, String>>()?,
            secrets: secrets.collect::<Result<_, String>>()?,
            allowed: allowed
                .map(|name| headers::allowed(name))
                .collect::<Result<_, _>>()?,
            body: match config.body {
                BodyConfig::None => Body::None,
                BodyConfig::Json => Body::Json,
                BodyConfig::Field => Body::Field(field()?),
            },
        })
    }

    /// The request with an input in it.
    ///
    /// # Errors
    /// The first field that does not suit.
    pub(super) fn fill(&self, input: Option<&Payload>) -> Result<Call, BadInput> {
        let fields = self.fields(input)?;
        let body = self.body(input)?;
        let mut headers = self.own_headers(&fields, body.is_some())?;
        let mut trace = None;
        for (name, value) in self.headers_of_input(&fields)? {
            if name == TRACEPARENT {
                trace = value.to_str().ok().and_then(Trace::parse);
            } else {
                headers.insert(name, value);
            }
        }
        if trace.is_none() {
            headers.remove(TRACESTATE);
        }
        Ok(Call {
            method: self.method.clone(),
            target: self.target(&fields)?,
            headers,
            body,
            trace,
        })
    }

    /// What an input has to be to fill the request, as a JSON Schema; none where any will do. It says nothing of what only a string
    /// can have wrong, such as a line break in a header.
    pub(super) fn schema(&self) -> Option<Value> {
        let words = self.templates().flat_map(Template::fields);
        let word = |name: &str| {
            let types = json!({ "type": ["string", "number", "boolean"] });
            (name.to_owned(), types)
        };
        let mut properties: Map<String, Value> = words.map(word).collect();
        if let Body::Field(name) = &self.body {
            properties.entry(name).or_insert(json!({}));
        }
        let required: Vec<String> = properties.keys().cloned().collect();
        if !self.allowed.is_empty() {
            let headers = json!({ "type": "object", "additionalProperties": { "type": "string" } });
            properties.entry(HEADERS).or_insert(headers);
        }
        match (required.is_empty(), properties.is_empty()) {
            (true, true) => None,
            (true, false) => Some(json!({ "properties": properties })),
            (false, _) => {
                Some(json!({ "type": "object", "required": required, "properties": properties }))
            }
        }
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let query = self.query.iter().map(|(_, value)| value);
        let headers = self.headers.iter().map(|(_, value)| value);
        self.path.segments().chain(query).chain(headers)
    }

    /// The fields of an input: none of them where the request needs none.
    fn fields(&self, input: Option<&Payload>) -> Result<Map<String, Value>, BadInput> {
        match input.map(Payload::read::<Value>) {
            Some(Ok(Value::Object(fields))) => Ok(fields),
            _ if self.needs_none() => Ok(Map::new()),
            None => Err(bad("", "there is none; it must be an object")),
            Some(_) => Err(bad("", "it is no object")),
        }
    }

    fn needs_none(&self) -> bool {
        self.templates().all(Template::is_plain) && !matches!(self.body, Body::Field(_))
    }

    fn target(&self, fields: &Map<String, Value>) -> Result<String, BadInput> {
        let mut target = format!("{}{}", self.base, self.path.fill(fields)?);
        if target.is_empty() {
            target.push('/');
        }
        for (at, (name, value)) in self.query.iter().enumerate() {
            let value = value.fill_with(fields, |_, value| Ok(value))?;
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(&format!("{name}={}", encode(&value)));
        }
        if target.len() > TARGET_BYTES {
            let message = format!(
                "it makes a path and query of {} bytes; at most {TARGET_BYTES} are allowed",
                target.len()
            );
            return Err(bad("", &message));
        }
        Ok(target)
    }

    fn own_headers(
        &self,
        fields: &Map<String, Value>,
        has_body: bool,
    ) -> Result<HeaderMap, BadInput> {
        let agent = concat!("longwire/", env!("CARGO_PKG_VERSION"));
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, template) in &self.headers {
            let text = template.fill_with(fields, |field, value| {
                headers::value(&value).map_err(|why| bad(field, why))?;
                Ok(value)
            })?;
            let value = headers::value(&text).map_err(|why| bad("", why))?;
            headers.insert(name, value);
        }
        headers.extend(self.secrets.iter().cloned());
        Ok(headers)
    }

    fn headers_of_input(
        &self,
        fields: &Map<String, Value>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, BadInput> {
        match fields.get(HEADERS) {
            Some(Value::Object(headers)) if !self.allowed.is_empty() => headers
                .iter()
                .map(|(name, value)| self.header_of_input(name, value))
                .collect(),
            Some(_) if !self.allowed.is_empty() => {
                Err(bad(HEADERS, "it must be an object of strings"))
            }
            _ => Ok(Vec::new()),
        }
    }

    fn header_of_input(
        &self,
        name: &str,
        value: &Value,
    ) -> Result<(HeaderName, HeaderValue), BadInput> {
        let field = format!("{HEADERS}.{name}");
        let same = |allowed: &&HeaderName| allowed.as_str().eq_ignore_ascii_case(name);
        let Some(allowed) = self.allowed.iter().find(same) else {
            let names: Vec<_> = self.allowed.iter().map(HeaderName::as_str).collect();
            let names = names.join(", ");
            let message = format!("its route does not allow that header; it allows {names}");
            return Err(bad(&field, &message));
        };
        let Value::String(text) = value else {
            return Err(bad(&field, "it must be a string"));
        };
        let value = headers::value(text).map_err(|why| bad(&field, why))?;
        Ok((allowed.clone(), value))
    }

    fn body(&self, input: Option<&Payload>) -> Result<Option<Bytes>, BadInput> {
        match &self.body {
            Body::None => Ok(None),
            Body::Json if self.allowed.is_empty() => {
                let text = input.map_or("null", Payload::as_str);
                Ok(Some(Bytes::copy_from_slice(text.as_bytes())))
            }
            Body::Json => without_headers(input).map(Some),
            Body::Field(name) => match raw_fields(input).remove(name.as_str()) {
                Some(value) => Ok(Some(Bytes::copy_from_slice(value.get().as_bytes()))),
                None => Err(bad(name, "it is missing; it is what the upstream is sent")),
            },
        }
    }
}

/// The fields of an input as they were written, so that a number keeps its digits.
fn raw_fields(input: Option<&Payload>) -> BTreeMap<String, &RawValue> {
    let text = input.map_or("null", Payload::as_str);
    serde_json::from_str(text).unwrap_or_default()
}

fn without_headers(input: Option<&Payload>) -> Result<Bytes, BadInput> {
    let text = input.map_or("null", Payload::as_str);
    if !text.trim_start().starts_with('{') {
        return Ok(Bytes::copy_from_slice(text.as_bytes()));
    }
    let mut fields = raw_fields(input);
    fields.remove(HEADERS);
    let whole = serde_json::to_vec(&fields);
    whole
        .map(Bytes::from)
        .map_err(|error| bad("", &error.to_string()))
}

/// A value from the environment. It is never shown.
fn secret(variable: &str) -> Result<HeaderValue, String> {
    let text = read_variable(variable)?;
    let mut value = headers::value(&text)
        .map_err(|why| format!("names {variable}, whose value no header can have: {why}"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn read_variable(variable: &str) -> Result<String, String> {
    env::var(variable).map_err(|_| {
        format!("names {variable}, which is no variable of the server's environment, or no text")
    })
}

/// What is wrong with a header from the environment, as the end of a sentence.
pub(crate) fn wrong_with_secret(variable: &str) -> Option<String> {
    secret(variable).err()
}

const fn method(method: MethodConfig) -> Method {
    match method {
        MethodConfig::Get => Method::GET,
        MethodConfig::Head => Method::HEAD,
        MethodConfig::Post => Method::POST,
        MethodConfig::Put => Method::PUT,
        MethodConfig::Patch => Method::PATCH,
        MethodConfig::Delete => Method::DELETE,
        MethodConfig::Options => Method::OPTIONS,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::consumers::schema::Schema;

    fn plan(text: &str) -> Plan {
        let text = format!("url = 'http://a'\n{text}");
        Plan::new(&toml::from_str(&text).unwrap()).unwrap()
    }

    fn value() -> impl Strategy<Value = Option<Value>> {
        prop_oneof![
            Just(None),
            Just(Some(Value::Null)),
            any::<bool>().prop_map(|flag| Some(flag.into())),
            any::<i64>().prop_map(|number| Some(number.into())),
            "[a-z]{1,9}".prop_map(|text| Some(text.into())),
            Just(Some(json!([1]))),
            Just(Some(json!({ "accept": "x" }))),
            Just(Some(json!({ "ACCEPT": 1 }))),
        ]
    }

    fn input() -> impl Strategy<Value = Value> {
        let fields = (value(), value(), value()).prop_map(|(a, doc, headers)| {
            let named = [("a", a), ("doc", doc), ("headers", headers)];
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

    proptest! {
        #[test]
        fn the_schema_of_a_request_and_the_request_agree(input in input()) {
            for text in [
                "path = '/{a}'",
                "query = { q = '{a}' }\nheaders = { x = '{a}' }",
                "body = 'field'\nbody_field = 'doc'",
                "path = '/{a}'\nbody = 'field'\nbody_field = 'a'",
                "body = 'json'\nallow_headers = ['accept']",
                "path = '/{a}'\nallow_headers = ['accept']",
            ] {
                let plan = plan(text);
                let schema = Schema::new(&plan.schema().unwrap()).unwrap();
                let payload = Payload::new(&input).unwrap();
                let fits = schema.check(Some(&payload));
                let fills = plan.fill(Some(&payload)).map(drop);
                prop_assert_eq!(fits.is_ok(), fills.is_ok(), "{} {:?} {:?}", text, fits, fills);
            }
        }
    }

    #[test]
    fn a_request_that_takes_any_input_has_no_schema() {
        assert_eq!(plan("body = 'json'\nmethod = 'POST'").schema(), None);
    }
}
