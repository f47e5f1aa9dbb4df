//! What a client may send: no text makes the parser panic, and what it takes means the same when it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use longwire_protocol::{ParseLimits, Request};

fuzz_target!(|text: &str| {
    let limits = ParseLimits::default();
    let Ok((id, request)) = Request::parse(text, &limits) else {
        return;
    };
    let written = request.to_frame(id.as_ref()).expect("what was read can be written");
    let (same_id, same) = Request::parse(&written, &limits)
        .unwrap_or_else(|refusal| panic!("wrote {written}, which is refused: {refusal:?}"));
    assert_eq!(same_id, id, "{written}");
    assert_eq!(same, request, "{written}");
});
