//! Claims on every service file.

use super::*;
use crate::classify::{Outcome, Reader, classify};
use crate::mail::{Letter, Mailbox};

fn files() -> Vec<Service> {
    let mut faults = Vec::new();
    let mut services = Vec::new();
    for (stem, text) in SERVICE_FILES {
        match read(stem, text) {
            Ok(service) => services.push(service),
            Err(error) => faults.push(format!("{stem}: {error}")),
        }
    }
    assert!(faults.is_empty(), "files that cannot be read:\n{}", faults.join("\n"));
    assert!(!services.is_empty(), "no service file was found");
    services
}

/// `Name <address>` as the sample has it.
fn mailbox(written: &str) -> Mailbox {
    let (name, rest) = written.rsplit_once('<').unwrap_or(("", written));
    Mailbox {
        name: name.trim().to_owned(),
        address: rest.trim_end_matches('>').trim().to_lowercase(),
    }
}

#[test]
fn every_file_can_be_read_and_is_found_by_its_id() {
    for service in files() {
        assert!(by_id(&service.id).is_some(), "{}", service.id);
        let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(service.id.bytes().all(sound), "{}", service.id);
    }
    assert!(by_id("no-such-service").is_none());
}

#[test]
fn every_fact_names_its_source_and_its_day() {
    for service in files() {
        let id = &service.id;
        let sourced = |source: &str| source.chars().count() >= 20;
        assert!(sourced(&service.senders.source), "{id}: senders");
        assert!(sourced(&service.implies.source), "{id}: implies");
        assert!(service.signs.iter().all(|sign| sourced(&sign.source)), "{id}: sign");
        assert!(service.checked.parse::<jiff::civil::Date>().is_ok(), "{id}: checked");
        assert!(!service.note.trim().is_empty(), "{id}: note");
        assert!(!service.name.ja.is_empty() && !service.name.en.is_empty(), "{id}: name");
        assert!(service.short_ja().chars().count() <= 12, "{id}: short_ja");
        assert!(service.short_en().len() <= 20, "{id}: short_en");
    }
}

#[test]
fn a_sign_and_a_refusal_say_what_they_look_for() {
    for service in files() {
        let id = &service.id;
        for sign in &service.signs {
            assert!(!(sign.subject_any.is_empty() && sign.body_any.is_empty()), "{id}: empty sign");
        }
        for refusal in &service.refusals {
            assert!(
                !(refusal.subject_any.is_empty() && refusal.body_any.is_empty()),
                "{id}: empty refusal"
            );
        }
    }
}

#[test]
fn domains_are_lower_case_and_belong_to_one_service() {
    let mut owners: HashMap<String, String> = HashMap::new();
    for service in files() {
        for domain in &service.senders.domains {
            assert_eq!(*domain, domain.to_lowercase(), "{}", service.id);
            let other = owners.insert(domain.clone(), service.id.clone());
            assert!(other.is_none(), "{domain}: {} and {other:?}", service.id);
        }
    }
}

#[test]
fn every_file_has_a_mail_it_takes_and_one_it_refuses() {
    for service in files() {
        for expect in [Expectation::Code, Expectation::Other] {
            assert!(
                service.samples.iter().any(|sample| sample.expect == expect),
                "{}: {expect:?}",
                service.id
            );
        }
    }
}

#[test]
fn every_sample_is_judged_as_its_file_says() {
    let mut faults = Vec::new();
    for service in files() {
        for sample in &service.samples {
            let from = mailbox(&sample.from);
            let own = from.domain().is_some_and(|domain| service.sends_from(domain));
            let letter = Letter {
                from: vec![from],
                subject: sample.subject.clone(),
                text: sample.text.clone(),
                ..Letter::default()
            };
            let verdict = classify(&letter, &Reader::default());
            let code = verdict.outcome == Outcome::Code;
            let right = match sample.expect {
                Expectation::Other => !code,
                // A file without a confirmed sender cannot name the service of a foreign address.
                Expectation::Code => {
                    code && verdict.kind == sample.kind
                        && (!own || verdict.service == Some(service.id.as_str()))
                }
            };
            if !right {
                faults.push(format!(
                    "{}: “{}” was {:?} {:?} {:?}\n    {:?}",
                    service.id,
                    sample.subject,
                    verdict.outcome,
                    verdict.kind,
                    verdict.service,
                    verdict.signals
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_domain_below_a_listed_one_is_the_services() {
    assert_eq!(by_domain("rakuten-sec.co.jp").map(|s| s.id.as_str()), Some("rakuten-sec"));
    assert_eq!(by_domain("mail.rakuten-sec.co.jp").map(|s| s.id.as_str()), Some("rakuten-sec"));
    for foreign in ["notrakuten-sec.co.jp", "rakuten-sec.co.jp.example.com", "co.jp", "", "."] {
        assert!(by_domain(foreign).is_none(), "{foreign}");
    }
}
