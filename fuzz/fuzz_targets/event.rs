#![no_main]
//! Any JSON is an event or an error.

// The file alone: the room that it stands in needs the AWS clients, which take long to build with all checks on.
#[path = "../../src/edges/lambda/event.rs"]
#[expect(dead_code, reason = "what the function asks of an object is not asked here")]
mod event;

use event::{Event, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(text) else { return };
    if let Ok(Event::Batch(messages)) = read(&json) {
        let records = json["Records"].as_array().map_or(0, Vec::len);
        assert_eq!(messages.len(), records, "every message of a batch is answered for");
    }
});
