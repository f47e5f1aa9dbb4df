//! From the text of a frame to what it asks.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Extend, Request, SEARCH, Start, VERBS, check::not_a_route, not_startable, plain};
use crate::{
    Code, FrameId, ParseLimits, Refusal, Seconds,
    fields::{Fields, excerpt},
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
        match plain::read(text) {
            Ok((id, request)) if request.check(limits).is_ok() => Ok((id, request)),
            _ => Self::parse_field_by_field(text, limits),
        }
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
    FrameId::from_raw(raw.get()).map(Some).ok_or_else(|| {
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
    use proptest::{prelude::*, sample::Index};

    use super::*;

    const FRAMES: [&str; 12] = [
        r#"{"route":"request","connid":"42","time":30}"#,
        r#"{"route":"request","connid":"17-3","time":0,"id":1}"#,
        r#"{"id":3,"route":"request","connid":"42"}"#,
        r#"{"route": "render", "id": 7, "input": {"id": 1, "a": ["}", "\"]"]}, "on_conflict": "attach"}"#,
        "\n{ \"route\" :\t\"größe\" , \"time\" : 0.5 ,\r\n\"connid\" : 42 , \"tags\" : [ \"ä\" , \"b\" ] }\n",
        r#"{"route":"a","connid":null,"time":1e2,"idle_time":"7","queue_time":3,"on_disconnect":"kill","id":"\n"}"#,
        r#"{"route":"a","id":-1.50,"connid":42.0,"time":null,"input":"text","on_conflict":null,"tags":null}"#,
        r#"{"id":"é","route":"a","connid":"\u0061","time":10,"idle_time":10,"queue_time":10,"input":null,"on_conflict":"reject","on_disconnect":"keep","tags":[]}"#,
        r#"{"route":"kill","connid":42,"reason":"so","id":"a"}"#,
        r#"{"id":null,"route":"kill","connid":"42"}"#,
        r#"{"route":"kill","job":"019aaaaa-0000-7000-8000-000000000000","wait":true,"reason":null}"#,
        r#"{"route":"kill","connid":18446744073709551615,"wait":null,"job":null,"reason":"\u00e9","id":0}"#,
    ];

    /// Values that may be in a frame, by their keys; some are wrong.
    const VALUES: [(&str, &[&str]); 16] = [
        (
            r#""route""#,
            &[
                r#""request""#,
                r#""kill""#,
                r#""status""#,
                r#""ä""#,
                r#""\u006bill""#,
                r#""""#,
                "7",
                "null",
            ],
        ),
        (r#""rou\u0074e""#, &[r#""request""#]),
        (
            r#""id""#,
            &[
                "1",
                "0",
                "-1",
                "1.50",
                "1e5",
                "01",
                "-",
                "1.",
                "+1",
                r#""a\n""#,
                r#""\ud800""#,
                "\"\n\"",
                "null",
                "[1]",
                "true",
            ],
        ),
        (
            r#""connid""#,
            &[
                r#""42""#,
                "42",
                "0",
                "007",
                "-7",
                "42.0",
                "1e3",
                "1234567890123456",
                "18446744073709551616",
                r#"" ""#,
                r#""a/b""#,
                r#""\u0061""#,
                r#""\ud800""#,
                "\"\u{200b}\"",
                "null",
            ],
        ),
        (
            r#""time""#,
            &[
                "0",
                "10",
                "0.5",
                "1e2",
                "1E2",
                "00",
                "1000000000",
                "1000000001",
                "999999999999999",
                "9999999999999999",
                "1e400",
                r#""7""#,
                r#""1e3""#,
                "-1",
                "-0",
                ".5",
                "5.",
                "NaN",
                "null",
            ],
        ),
        (r#""idle_time""#, &["3", "0.5", "null", "{}"]),
        (r#""queue_time""#, &["3", r#""3.5""#, "null", "tru"]),
        (
            r#""input""#,
            &[
                "1",
                "01",
                "null",
                r#""a""#,
                r#"{"route":"kill","id":[]}"#,
                r#"[1, {"a" : "}"}]"#,
                r#"{"a":1,"a":2}"#,
                "[1,]",
                "[",
                "{]",
            ],
        ),
        (
            r#""on_conflict""#,
            &[
                r#""attach""#,
                r#""replace""#,
                r#""no""#,
                "0",
                "null",
                r#"{"attach":null}"#,
            ],
        ),
        (r#""on_disconnect""#, &[r#""kill""#, "1", "null"]),
        (
            r#""tags""#,
            &[
                r#"["a"]"#,
                r#"["ä", "b"]"#,
                r#"[""]"#,
                "[]",
                r#""a""#,
                "null",
                "[1]",
            ],
        ),
        (r#""reason""#, &[r#""so""#, r#""\"""#, "1", "null"]),
        (
            r#""wait""#,
            &["true", "false", "1", r#""true""#, "null", "truex"],
        ),
        (
            r#""job""#,
            &[
                r#""019aaaaa-0000-7000-8000-000000000000""#,
                r#""019aaaaa""#,
                "1",
                "null",
            ],
        ),
        (r#""where""#, &[r#"{"tag":"a"}"#, "{}", "null"]),
        (r#""what""#, &["1"]),
    ];

    /// What may stand between words; not all are blanks to JSON.
    const BETWEEN: [&str; 12] = [
        "", "", "", "", "", "", " ", "\t", "\r\n", "\u{b}", "\u{a0}", "\0",
    ];

    const ENDS: [&str; 8] = ["}", "}", "}\n ", "}}", "", ",}", "}\u{b}", "},"];

    fn between() -> impl Strategy<Value = &'static str> {
        prop::sample::select(&BETWEEN[..])
    }

    fn member() -> impl Strategy<Value = String> {
        let value = prop::sample::select(&VALUES[..])
            .prop_flat_map(|(key, values)| (Just(key), prop::sample::select(values)));
        (between(), value, between(), between(), between())
            .prop_map(|(a, (key, value), b, c, d)| format!("{a}{key}{b}:{c}{value}{d}"))
    }

    /// Mostly one that begins as most do.
    fn frame() -> impl Strategy<Value = String> {
        let first = prop::sample::select(
            &[
                r#""route":"a""#,
                r#""route":"kill","connid":1"#,
                r#""id":1,"route":"a""#,
                "",
            ][..],
        );
        let more = prop::collection::vec(member(), 0..4);
        let end = prop::sample::select(&ENDS[..]);
        (between(), first, more, end).prop_map(|(begin, first, more, end)| {
            let comma = if first.is_empty() || more.is_empty() {
                ""
            } else {
                ","
            };
            format!("{begin}{{{first}{comma}{}{end}", more.join(","))
        })
    }

    /// A letter goes, comes, or takes the place of another.
    fn slip() -> impl Strategy<Value = (Index, usize, Option<char>)> {
        let letters: Vec<char> = "\"\\{}[]:,.+-eE019atnr \n\t\u{0}\u{1f}\u{7f}é\u{feff}"
            .chars()
            .collect();
        (
            any::<Index>(),
            0..2_usize,
            prop::option::of(prop::sample::select(letters)),
        )
    }

    fn with_slips(frame: &str, slips: &[(Index, usize, Option<char>)]) -> String {
        let mut letters: Vec<char> = frame.chars().collect();
        for (at, gone, new) in slips {
            let at = at.index(letters.len() + 1);
            let to = letters.len().min(at + gone);
            letters.splice(at..to, *new);
        }
        letters.into_iter().collect()
    }

    /// Whether it is read at once; if so, it is to be what it is field by field, to the letter.
    fn is_read_at_once(text: &str) -> bool {
        let limits = ParseLimits::default();
        let parsed = plain::read(text).ok();
        let Some(parsed) = parsed.filter(|(_, request)| request.check(&limits).is_ok()) else {
            return false;
        };
        let slowly = Request::parse_field_by_field(text, &limits);
        assert_eq!(format!("{slowly:?}"), format!("Ok({parsed:?})"), "{text:?}");
        assert_eq!(slowly, Ok(parsed), "{text:?}");
        true
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_read_at_once_is_what_is_read_field_by_field(text in frame()) {
            is_read_at_once(&text);
        }

        #[test]
        fn so_is_what_is_nearly_right(
            frame in prop::sample::select(&FRAMES[..]),
            slips in prop::collection::vec(slip(), 1..4),
        ) {
            is_read_at_once(&with_slips(frame, &slips));
        }
    }

    #[test]
    fn what_is_sent_most_is_read_at_once() {
        for text in FRAMES {
            assert!(is_read_at_once(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_not() {
        for text in [
            "",
            "{}",
            r#"{"route":"a"}}"#,
            "{\"route\":\"a\"}\u{b}",
            r#"{"route":"a",}"#,
            r#"{,"route":"a"}"#,
            r#"{"route":"a""time":1}"#,
            r#"{"route":"a","time":01}"#,
            r#"{"route":"a","time":1,"time":1}"#,
            r#"{"id":1,"route":"a","id":null}"#,
            "{\"route\":\"a\n\"}",
            r#"{"route":"status"}"#,
            r#"{"route":"kill","time":null}"#,
            r#"{"route":"a","wait":null}"#,
            r#"{"route":""}"#,
        ] {
            assert!(!is_read_at_once(text), "{text}");
        }
    }
}
