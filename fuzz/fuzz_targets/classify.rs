#![no_main]
//! Any mail has a verdict, for a stranger and for a person, and what a stranger
//! is told depends on nothing but the mail.

use hansho::classify::{Reader, classify};
use hansho::mail;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let letter = mail::parse(raw);
    let stranger = Reader { mailboxes: &[], trusted_servers: &[] };
    let verdict = classify(&letter, &stranger);
    assert_eq!(verdict, classify(&letter, &stranger));
    assert!(!verdict.service_key.contains('|'), "no key holds the ledger's separator");
    let mailboxes = ["hanako@example.jp".to_owned()];
    let servers = ["mx.example.jp".to_owned()];
    let _ = classify(&letter, &Reader { mailboxes: &mailboxes, trusted_servers: &servers });
});
