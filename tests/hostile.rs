//! Hostile input, bounded: what the fuzz targets look for, in a few hundred
//! tries each. Real mails and events are damaged at random, and whatever is read
//! from them is bounded and never a panic.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hansho::edges::lambda::{Event, read};
use hansho::mail;
use hansho::pipeline::{Arrival, Origin, judge};
use hansho::policy::Policy;
use proptest::prelude::*;

fn files(folder: &str, end: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|own| own == end))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

static MAILS: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| files("events/mail", "eml"));
static EVENTS: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| files("events", "json"));
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("events/policy.toml");
    Policy::read(&std::fs::read_to_string(path).unwrap()).unwrap()
});

/// A way to damage bytes: cut out, put in, or write over.
fn damage() -> impl Strategy<Value = Vec<(usize, usize, Vec<u8>)>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        Just(b"\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"=?UTF-8?B?".to_vec()),
        Just(b"\"},{\"".to_vec()),
        Just(b"--".to_vec()),
        Just(vec![0xff; 40]),
    ];
    proptest::collection::vec((any::<usize>(), 0..60_usize, piece), 1..8)
}

fn damaged(whole: &[u8], damage: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for (at, length, piece) in damage {
        let from = at % (bytes.len() + 1);
        let to = (from + length).min(bytes.len());
        bytes.splice(from..to, piece.iter().copied());
    }
    bytes
}

/// The first line after SES's block: what stands below it is the sender's.
fn below_the_block(raw: &[u8]) -> usize {
    let mark = b"\nReceived: by ";
    raw.windows(mark.len()).position(|window| window == mark).map_or(raw.len(), |at| at + 1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_mail_is_judged(which in any::<prop::sample::Index>(), damage in damage()) {
        let raw = damaged(&which.get(&MAILS).1, &damage);
        let letter = mail::parse(&raw);
        prop_assert!(letter.text.len() <= mail::MAX_TEXT_BYTES);
        prop_assert!(letter.subject.len() <= mail::MAX_VALUE_BYTES);
        prop_assert!(letter.links.len() <= mail::MAX_LINKS);
        let arrival = Arrival { origin: Origin::Ses { name: "damaged".to_owned() }, arrived_ms: 0 };
        let judged = judge(&POLICY, &arrival, &raw);
        prop_assert!(judged.mail.len() <= 64);
        prop_assert!(judged.verdict().is_some_and(|verdict| !verdict.service_key.contains('|')));
    }

    #[test]
    fn damage_below_the_block_of_ses_changes_nothing_in_it(
        which in any::<prop::sample::Index>(),
        damage in damage(),
    ) {
        let (_, whole) = which.get(&MAILS);
        let at = below_the_block(whole);
        let raw = [&whole[..at], b"X-Below: ", &damaged(&whole[at..], &damage)].concat();
        prop_assert_eq!(mail::parse(&raw).ses, mail::parse(whole).ses);
    }

    #[test]
    fn a_damaged_event_is_read_or_refused(which in any::<prop::sample::Index>(), damage in damage()) {
        let text = damaged(&which.get(&EVENTS).1, &damage);
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&text)
            && let Ok(Event::Batch(messages)) = read(&json)
        {
            prop_assert_eq!(messages.len(), json["Records"].as_array().unwrap().len());
        }
    }
}
