//! What is sent for an input.

#[cfg(test)]
mod tests;

use std::env;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use longwire_engine::BadInput;
use longwire_protocol::Payload;
use serde_json::{Map, Value, json};

use super::{
    super::template::{self, Template, bad},
    body::Body,
    headers::{self, TRACEPARENT, TRACESTATE},
    origin::{Base, Origin},
    path::{Path, encode},
    trace::Trace,
};
use crate::config::{HttpConfig, MethodConfig};

/// Bytes of a path with its query at most: more than servers take.
const TARGET_BYTES: usize = 16 * 1024;
/// The field of an input whose fields are headers.
pub(super) const HEADERS: &str = "headers";

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
            body: Body::new(config)?,
        })
    }

    /// The request with an input in it.
    ///
    /// # Errors
    /// The first field that does not suit.
    pub(super) fn fill(&self, input: Option<&Payload>) -> Result<Call, BadInput> {
        let fields = self.fields(input)?;
        let body = self.body.of(input, !self.allowed.is_empty())?;
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
        let word = |name: &str| (name.to_owned(), template::word_schema());
        let mut properties: Map<String, Value> = words.map(word).collect();
        if let Some(name) = self.body.field() {
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

    /// The fields of an input, which is looked into only where the request may need some.
    fn fields(&self, input: Option<&Payload>) -> Result<Map<String, Value>, BadInput> {
        let needs_some = !self.needs_none();
        if !needs_some && self.allowed.is_empty() {
            return Ok(Map::new());
        }
        template::fields(input, needs_some)
    }

    fn needs_none(&self) -> bool {
        self.templates().all(Template::is_plain) && self.body.field().is_none()
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
