#![no_main]
//! Any JSON is an event or an error.

use hansho::edges::lambda::{Event, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(text) else { return };
    if let Ok(Event::Batch(messages)) = read(&json) {
        let records = json["Records"].as_array().map_or(0, Vec::len);
        assert_eq!(messages.len(), records, "every message of a batch is answered for");
    }
});
