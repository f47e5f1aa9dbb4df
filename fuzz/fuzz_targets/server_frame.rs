//! What a client is sent: no text makes its parser panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use longwire_protocol::ServerFrame;

fuzz_target!(|text: &str| {
    let _ = ServerFrame::parse(text);
});
