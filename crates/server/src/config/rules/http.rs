//! What must be true of a route that is an HTTP upstream.

use super::{
    super::{BodyConfig, HttpConfig, MethodConfig},
    Complaint, complaint, wrong_rules,
};
use crate::consumers::{
    http::{headers, origin::Base, path::Path, wrong_with_secret},
    template::Template,
};

/// The header that `idempotency_key` sends.
const KEY: &str = "idempotency-key";

pub(super) fn complaints<'a>(name: &'a str, http: &HttpConfig) -> Vec<Complaint<'a>> {
    let url = Base::parse(&http.url).err().map(|what| ("url", what));
    let path = Path::parse(&http.path).err().map(|what| ("path", what));
    let all = url.into_iter().chain(path);
    let all = all.chain(of_query(http)).chain(of_headers(http));
    let all = all.chain(of_secrets(http)).chain(of_allowed(http));
    let all = all.chain(said_twice(http)).chain(of_body(http));
    let all = all.chain(of_retries(http)).chain(of_progress(http));
    all.map(|(key, what)| complaint(&["routes", name, key], &what))
        .collect()
}

/// The key, and what is wrong with its value, as the end of a sentence that begins with it.
type What = (&'static str, String);

fn of_query(http: &HttpConfig) -> impl Iterator<Item = What> {
    let values = http.query.values();
    values.filter_map(|text| {
        let wrong = Template::parse(text).err()?;
        Some(("query", format!("has {text:?} in it, which {wrong}")))
    })
}

fn of_headers(http: &HttpConfig) -> impl Iterator<Item = What> {
    let pairs = http.headers.iter();
    pairs.filter_map(|(header, text)| {
        let wrong = headers::sent(header).err().or_else(|| wrong_value(text))?;
        Some(("headers", wrong))
    })
}

fn wrong_value(text: &str) -> Option<String> {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(wrong) => return Some(format!("has {text:?} in it, which {wrong}")),
    };
    let wrong = template
        .texts()
        .find_map(|text| headers::value(text).err())?;
    Some(format!("has {text:?} in it: {wrong}"))
}

fn of_secrets(http: &HttpConfig) -> impl Iterator<Item = What> {
    let pairs = http.headers_from_env.iter();
    pairs.filter_map(|(header, variable)| {
        let wrong = headers::sent(header).err();
        Some((
            "headers_from_env",
            wrong.or_else(|| wrong_with_secret(variable))?,
        ))
    })
}

fn of_allowed(http: &HttpConfig) -> impl Iterator<Item = What> {
    let names = http.allow_headers.iter();
    names.filter_map(|header| Some(("allow_headers", headers::allowed(header).err()?)))
}

/// A header that comes from two places, one of which would be forgotten.
fn said_twice(http: &HttpConfig) -> impl Iterator<Item = What> {
    let key = http.idempotency_key.then_some(("idempotency_key", KEY));
    let own = http.headers.keys().map(|it| ("headers", it.as_str()));
    let secret = http.headers_from_env.keys();
    let secret = secret.map(|it| ("headers_from_env", it.as_str()));
    let allowed = http.allow_headers.iter();
    let allowed = allowed.map(|it| ("allow_headers", it.as_str()));
    let all: Vec<_> = key
        .into_iter()
        .chain(own)
        .chain(secret)
        .chain(allowed)
        .collect();
    let twice = all.iter().enumerate().filter_map(|(at, (place, header))| {
        let mut before = all[..at].iter();
        let (first, _) = before.find(|(_, it)| it.eq_ignore_ascii_case(header))?;
        let what =
            format!("has {header:?} in it, which `{first}` sets, too; one place must be left");
        Some((*place, what))
    });
    twice.collect::<Vec<_>>().into_iter()
}

fn of_body(http: &HttpConfig) -> Vec<What> {
    let field = match (http.body, &http.body_field) {
        (BodyConfig::Field, None) => "is missing; it must name the field that is sent",
        (BodyConfig::None | BodyConfig::Json, Some(_)) => "goes with `body = \"field\"`",
        (BodyConfig::Field, Some(_)) | (BodyConfig::None | BodyConfig::Json, None) => "",
    };
    let reads = matches!(http.method, MethodConfig::Get | MethodConfig::Head);
    let body = if reads && http.body != BodyConfig::None {
        "does not go with GET or HEAD; `method` must be another, such as \"POST\""
    } else {
        ""
    };
    let all = [("body_field", field), ("body", body)];
    let wrong = all.into_iter().filter(|(_, what)| !what.is_empty());
    wrong.map(|(key, what)| (key, what.to_owned())).collect()
}

fn of_retries(http: &HttpConfig) -> Option<What> {
    let may = http.retries == 0 || http.method.is_idempotent() || http.idempotency_key;
    let what = "must be 0 for POST and PATCH, which may be done twice then; `idempotency_key = true` is for an upstream that \
        knows a request by its key";
    (!may).then(|| ("retries", what.to_owned()))
}

fn of_progress(http: &HttpConfig) -> impl Iterator<Item = What> {
    wrong_rules(&http.progress).map(|what| ("progress", what))
}
