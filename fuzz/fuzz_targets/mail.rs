#![no_main]
//! Any bytes are a letter, and a bounded one.

use hansho::mail;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let letter = mail::parse(raw);
    assert!(letter.text.len() <= mail::MAX_TEXT_BYTES);
});
