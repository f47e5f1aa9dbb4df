//! From the text of a frame to what it asks.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Extend, Request, SEARCH, Start, VERBS, check::not_a_route, not_startable};
use crate::{
    Code, FrameId, ParseLimits, Refusal, Seconds,
    fields::{Fields, excerpt, read_whole},
    frames::RefusalFrame,
    nearest,
};

impl Request {
    /// Reads a client's frame.
    ///
    /// # Errors
    /// The refusal to send back, with the frame's own `id` and `route` as far as they could be made out.
    pub fn parse(
        text: &str,
        limits: &ParseLimits,
    ) -> Result<(Option<FrameId>, Self), Box<RefusalFrame>> {
        match Self::parse_at_once(text, limits) {
            Some(parsed) => Ok(parsed),
            None => Self::parse_field_by_field(text, limits),
        }
    }

    /// Reads what is sent most, where nothing is wrong with it. None means nothing: whatever it is, the long way tells.
    fn parse_at_once(text: &str, limits: &ParseLimits) -> Option<(Option<FrameId>, Self)> {
        let (id, request) = match likely_route(text)? {
            "kill" => {
                let whole = read_whole(text, Some("kill"))?;
                (whole.id, Self::Kill(whole.request))
            }
            verb if VERBS.contains(&verb) => return None,
            route => {
                let whole = read_whole::<Start>(text, None)?;
                let is_it = *whole.request.route == *route;
                (whole.id, is_it.then_some(Self::Start(whole.request))?)
            }
        };
        let id = read_id(id).ok()?;
        request.check(limits).ok()?;
        Some((id, request))
    }

    fn parse_field_by_field(
        text: &str,
        limits: &ParseLimits,
    ) -> Result<(Option<FrameId>, Self), Box<RefusalFrame>> {
        let mut fields = Fields::split(text).map_err(|r| RefusalFrame::boxed(None, None, r))?;
        let route = fields.get("route").map(read_route);
        let named = route.as_ref().and_then(|r| r.as_deref().ok());
        let id = read_id(fields.take("id")).map_err(|r| RefusalFrame::boxed(None, named, r))?;
        let read = match &route {
            None => Err(missing_route()),
            Some(Err(refusal)) => Err(refusal.clone()),
            Some(Ok(route)) => Self::read(route, fields)
                .and_then(|request| request.check(limits).map(|()| request)),
        };
        match read {
            Ok(request) => Ok((id, request)),
            Err(refusal) => Err(RefusalFrame::boxed(id, named, refusal)),
        }
    }

    fn read(route: &str, mut fields: Fields<'_>) -> Result<Self, Refusal> {
        let mut verb = || {
            fields.take("route");
            std::mem::take(&mut fields)
        };
        match route {
            "kill" => verb().read().map(Self::Kill),
            "status" => verb().read().map(Self::Status),
            "watch" => verb().read().map(Self::Watch),
            "unwatch" => verb().read().map(Self::Unwatch),
            "extend" => verb().read().map(Self::Extend),
            "routes" => verb().read().map(Self::Routes),
            SEARCH => verb().read().map(Self::Search),
            "modules" => verb().read().map(Self::Modules),
            "claim" => verb().read().map(Self::Claim),
            "append" => verb().read().map(Self::Append),
            "end" => verb().read().map(Self::End),
            _ => Start::read(route, &fields).map(Self::Start),
        }
    }

    /// The verb that is likely meant by a route which is none: one that is written much the same and has all these fields.
    fn verb_meant(route: &str, fields: &Fields<'_>) -> Option<&'static str> {
        let verb = nearest(route, VERBS)?;
        let read = Self::read(verb, fields.clone());
        let fits = read.is_ok_and(|request| !matches!(request, Self::Start(_)));
        fits.then_some(verb)
    }
}

impl Start {
    /// Reads a start that stands alone, as a REST body does: an object with `route` and the other fields, without `id`.
    ///
    /// # Errors
    /// The refusal that names what was wrong.
    pub fn parse(text: &str, limits: &ParseLimits) -> Result<Self, Refusal> {
        let fields = Fields::split(text)?;
        let route = fields.get("route").map(read_route).transpose()?;
        let start = Self::read(route.as_deref().unwrap_or_default(), &fields)?;
        start.check(limits)?;
        Ok(start)
    }

    /// Where a field is not known the route may be what is wrong, and that is the better thing to say.
    fn read(route: &str, fields: &Fields<'_>) -> Result<Self, Refusal> {
        fields.read().map_err(|refusal: Refusal| {
            let (Code::UnknownField, Some(field)) = (refusal.code, &refusal.field) else {
                return refusal;
            };
            if let Some(reserved) = not_startable(route) {
                return reserved;
            }
            match Request::verb_meant(route, fields) {
                Some(verb) => {
                    let route = excerpt(route);
                    let message =
                        format!("a start of {route:?} has no field {field:?}; did you mean the verb {verb:?}?");
                    Refusal::new(Code::UnknownField, message).about("route")
                }
                None => refusal,
            }
        })
    }
}

impl Extend {
    /// Reads the body of a REST `PATCH`: an object with `time`.
    ///
    /// # Errors
    /// The refusal that names what was wrong.
    pub fn parse_time(text: &str) -> Result<Seconds, Refusal> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            time: Seconds,
        }
        Fields::split(text)?.read::<Body>().map(|body| body.time)
    }
}

/// What a frame is addressed to, where it says so first, as most do. A guess: reading the frame has to confirm it.
fn likely_route(text: &str) -> Option<&str> {
    let key = text.strip_prefix('{')?.trim_ascii_start();
    let value = key
        .strip_prefix("\"route\"")?
        .trim_ascii_start()
        .strip_prefix(':')?;
    let route = value.trim_ascii_start().strip_prefix('"')?;
    let end = route.bytes().position(|byte| byte == b'"')?;
    route.get(..end)
}

fn missing_route() -> Refusal {
    let message = format!(
        "\"route\" must be there: the name of a consumer such as \"request\", or one of {}",
        VERBS.join(", ")
    );
    Refusal::new(Code::MissingField, message).about("route")
}

fn read_route(raw: &RawValue) -> Result<Cow<'_, str>, Refusal> {
    let text = raw.get();
    let plain = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = plain.filter(|plain| !plain.contains('\\')) {
        return Ok(Cow::Borrowed(plain));
    }
    serde_json::from_str::<String>(text)
        .map(Cow::Owned)
        .map_err(|_| not_a_route(text))
}

fn read_id(raw: Option<&RawValue>) -> Result<Option<FrameId>, Refusal> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        return Ok(None);
    };
    FrameId::from_raw(raw).map(Some).ok_or_else(|| {
        Refusal::invalid(
            "id",
            format!(
                "\"id\" must be {}; got {}",
                FrameId::RULE,
                excerpt(raw.get())
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Members that may be in a frame, some of them wrong.
    const MEMBERS: [&str; 27] = [
        r#""id":1"#,
        r#""id":"a\n""#,
        r#""id":null"#,
        r#""id":[1]"#,
        r#""route":"request""#,
        r#""route":"kill""#,
        r#" "route" : "kill" "#,
        r#""route":"status""#,
        r#""route":"\u006bill""#,
        r#""rou\u0074e":"request""#,
        r#""route":"""#,
        r#""route":7"#,
        r#""connid":"42""#,
        r#""connid":42"#,
        r#""connid":" ""#,
        r#""connid":null"#,
        r#""time":0.5"#,
        r#""time":"7""#,
        r#""time":-1"#,
        r#""input":{"route":"kill","id":[]}"#,
        r#""tags":["a"]"#,
        r#""reason":"so""#,
        r#""wait":null"#,
        r#""job":"019aaaaa-0000-7000-8000-000000000000""#,
        r#""where":{"tag":"a"}"#,
        r#""where":{}"#,
        r#""what":1"#,
    ];

    proptest! {
        #[test]
        fn what_is_read_at_once_is_what_is_read_field_by_field(
            members in prop::collection::vec(prop::sample::select(&MEMBERS[..]), 0..6),
            end in prop::sample::select(&["}", "} ", "}}", ""][..]),
        ) {
            let text = format!("{{{}{end}", members.join(","));
            let limits = ParseLimits::default();
            if let Some(parsed) = Request::parse_at_once(&text, &limits) {
                prop_assert_eq!(Request::parse_field_by_field(&text, &limits), Ok(parsed));
            }
        }
    }

    #[test]
    fn what_is_sent_most_is_read_at_once() {
        let limits = ParseLimits::default();
        for text in [
            r#"{"route":"request","connid":"42","time":30}"#,
            r#"{"route": "render", "id": 7, "input": {"id": 1}, "on_conflict": "attach"}"#,
            r#"{"route":"kill","connid":42,"reason":"so","id":"a"}"#,
        ] {
            assert!(Request::parse_at_once(text, &limits).is_some(), "{text}");
        }
    }
}
