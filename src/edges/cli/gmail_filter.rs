//! `hansho gmail-filter`: a file that Gmail imports under "Filters and Blocked
//! Addresses", made from the service data. It forwards code mails, and nothing
//! else that can be told apart, to the person's address.

use std::collections::BTreeSet;
use std::io::Write as _;

use anyhow::{Context as _, ensure};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};

use super::QUIET;
use crate::services::{self, Service};

/// One criterion stays below this many characters. Gmail names no number and
/// refuses what is too long; 1,500 is what its users report.
const CRITERION_CHARS_MAX: usize = 1_000;
/// What the subject of a code mail says, whoever sends it. Gmail looks for
/// these as phrases; a longer list would forward newsletters.
const SUBJECTS: [&str; 20] = [
    "認証コード",
    "認証番号",
    "確認コード",
    "確認番号",
    "検証コード",
    "セキュリティコード",
    "セキュリティ コード",
    "ログインコード",
    "ワンタイムパスワード",
    "ワンタイムパスコード",
    "ワンタイムキー",
    "パスコード",
    "ログイン追加認証",
    "verification code",
    "security code",
    "login code",
    "sign-in code",
    "authentication code",
    "one-time password",
    "passcode",
];

/// The arguments of `gmail-filter`.
#[derive(Debug, clap::Args)]
pub(super) struct GmailFilter {
    /// The person's address in the policy, to which Gmail forwards
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// Forward mails of these services only, by id; all that are known otherwise
    #[arg(long = "service", value_name = "ID", value_delimiter = ',')]
    services: Vec<String>,
    /// Leave out the filter for services that hansho does not know
    #[arg(long)]
    known_only: bool,
}

/// Who sends our alerts. They must not be forwarded back to us.
const OURSELVES: &str = "from:no-reply@sns.amazonaws.com";

/// What a mail must have to be forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Criteria {
    from: Option<String>,
    subject: Option<String>,
}

impl GmailFilter {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
        ensure!(
            self.to.split('@').filter(|part| !part.is_empty()).count() == 2
                && self.to.chars().all(plain),
            "--to {:?} is not an address; it stands in the policy, under [person.ID]",
            self.to
        );
        let chosen = chosen(&self.services)?;
        let filters = filters(&chosen, !self.known_only && self.services.is_empty());
        let mut out = anstream::stdout().lock();
        out.write_all(&feed(&filters, &self.to).context("the filter could not be written")?)?;
        writeln!(out)?;
        anstream::eprintln!(
            "{} filters of {} services. In Gmail: confirm {} under Forwarding first, \
             then Settings > Filters and Blocked Addresses > Import filters.",
            filters.len(),
            chosen.len(),
            self.to
        );
        Ok(QUIET)
    }
}

fn chosen(ids: &[String]) -> anyhow::Result<Vec<&'static Service>> {
    if ids.is_empty() {
        return Ok(services::all().iter().collect());
    }
    ids.iter()
        .map(|id| services::by_id(id).with_context(|| format!("no service has the id {id:?}")))
        .collect()
}

/// Known senders of code mails with everything they send; the other senders of
/// known services by subject as well; at last, if asked for, any sender by subject.
fn filters(services: &[&Service], anybody: bool) -> Vec<Criteria> {
    let exact: BTreeSet<&str> = services
        .iter()
        .filter(|service| service.senders.confirmed)
        .flat_map(|service| service.senders.addresses.iter().map(String::as_str))
        .collect();
    let domains: BTreeSet<&str> = services
        .iter()
        .flat_map(|service| service.senders.domains.iter().map(String::as_str))
        .collect();
    let own_words: BTreeSet<String> = services
        .iter()
        .flat_map(|service| &service.signs)
        .flat_map(|sign| sign.subject_any.iter())
        .filter_map(|words| phrase(words))
        .collect();
    let general: BTreeSet<String> = SUBJECTS.iter().filter_map(|words| phrase(words)).collect();
    // What a general phrase is part of, it finds as well.
    let special = own_words.into_iter().filter(|own| {
        let own = own.trim_matches('"');
        !general.iter().any(|phrase| own.contains(phrase.trim_matches('"')))
    });

    let mut filters = Vec::new();
    filters.extend(
        split(exact.into_iter().map(str::to_owned))
            .into_iter()
            .map(|from| Criteria { from: Some(from), subject: None }),
    );
    let froms = split(domains.into_iter().map(str::to_owned));
    let subjects = split(general.iter().cloned().chain(special));
    for from in &froms {
        for subject in &subjects {
            filters.push(Criteria { from: Some(from.clone()), subject: Some(subject.clone()) });
        }
    }
    if anybody {
        filters.extend(
            split(general.into_iter())
                .into_iter()
                .map(|subject| Criteria { from: None, subject: Some(subject) }),
        );
    }
    filters
}

/// A phrase in quotation marks, without what Gmail's search reads as a sign.
fn phrase(words: &str) -> Option<String> {
    let plain: String = words
        .chars()
        .map(|c| if c.is_control() || "\"(){}:|".contains(c) { ' ' } else { c })
        .collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    (plain.chars().count() >= 3).then(|| format!("\"{plain}\""))
}

/// Joined by OR, in as many criteria as their length asks for.
fn split(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut criteria: Vec<String> = Vec::new();
    for word in words {
        let room = |last: &&mut String| {
            last.chars().count() + " OR ".len() + word.chars().count() <= CRITERION_CHARS_MAX
        };
        match criteria.last_mut().filter(room) {
            Some(last) => {
                last.push_str(" OR ");
                last.push_str(&word);
            }
            None => criteria.push(word),
        }
    }
    criteria
}

/// The Atom feed that Gmail imports.
fn feed(filters: &[Criteria], to: &str) -> std::io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("feed")
        .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
        .with_attribute(("xmlns:apps", "http://schemas.google.com/apps/2006"))
        .write_inner_content(|feed| {
            for criteria in filters {
                feed.create_element("entry").write_inner_content(|entry| {
                    entry
                        .create_element("category")
                        .with_attribute(("term", "filter"))
                        .write_empty()?;
                    let from = criteria.from.as_deref().map(|from| ("from", from));
                    let subject = criteria.subject.as_deref().map(|words| ("subject", words));
                    // Whoever is named by their address is not us.
                    let but = criteria.from.is_none().then_some(("doesNotHaveTheWord", OURSELVES));
                    let deeds = [("forwardTo", to), ("shouldNeverSpam", "true")];
                    for (name, value) in from.into_iter().chain(subject).chain(but).chain(deeds) {
                        entry
                            .create_element("apps:property")
                            .with_attribute(("name", name))
                            .with_attribute(("value", value))
                            .write_empty()?;
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
    Ok(xml.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::Reader;

    fn all() -> Vec<Criteria> {
        filters(&services::all().iter().collect::<Vec<_>>(), true)
    }

    #[test]
    fn every_sender_that_is_known_is_in_a_filter() {
        let filters = all();
        let froms: String = filters
            .iter()
            .filter_map(|filter| filter.from.clone())
            .collect::<Vec<_>>()
            .join(" OR ");
        for service in services::all() {
            for domain in &service.senders.domains {
                assert!(froms.split(" OR ").any(|from| from == domain), "{domain}");
            }
            for address in service.senders.addresses.iter().filter(|_| service.senders.confirmed) {
                assert!(froms.split(" OR ").any(|from| from == address), "{address}");
            }
        }
    }

    #[test]
    fn every_subject_that_a_service_is_known_by_is_found_by_a_phrase() {
        let filters = all();
        let phrases: Vec<String> = filters
            .iter()
            .filter_map(|filter| filter.subject.as_deref())
            .flat_map(|subject| subject.split(" OR "))
            .map(|phrase| phrase.trim_matches('"').to_owned())
            .collect();
        for service in services::all() {
            for words in service.signs.iter().flat_map(|sign| &sign.subject_any) {
                let Some(words) = phrase(words) else { continue };
                let words = words.trim_matches('"');
                assert!(
                    phrases.iter().any(|phrase| words.contains(phrase.as_str())),
                    "{}: {words}",
                    service.id
                );
            }
        }
    }

    #[test]
    fn no_criterion_is_longer_than_gmail_takes_and_none_is_empty() {
        for filter in all() {
            assert!(filter.from.is_some() || filter.subject.is_some());
            for criterion in filter.from.iter().chain(&filter.subject) {
                assert!((3..=CRITERION_CHARS_MAX).contains(&criterion.chars().count()));
            }
        }
        assert_eq!(split((0..3).map(|_| "x".repeat(600))).len(), 3);
        assert_eq!(split(["a".to_owned(), "b".to_owned()].into_iter()), ["a OR b"]);
    }

    #[test]
    fn the_feed_is_xml_and_hostile_text_stays_text() {
        let hostile = Criteria {
            from: Some("'><apps:property name='forwardTo' value='a@example.net'/>".to_owned()),
            subject: Some("\"<&>\"".to_owned()),
        };
        let feed =
            feed(std::slice::from_ref(&hostile), "hanako-7q3k9x2mtf@mail.example.com").unwrap();
        let mut reader = Reader::from_reader(feed.as_slice());
        let mut found = Vec::new();
        let mut buffer = Vec::new();
        loop {
            match reader.read_event_into(&mut buffer).unwrap() {
                Event::Eof => break,
                Event::Empty(tag) if tag.name().as_ref() == "apps:property" => {
                    let pairs: Vec<String> = tag
                        .attributes()
                        .map(|attribute| {
                            let value = attribute.unwrap().value.into_owned();
                            let value: String = value;
                            quick_xml::escape::unescape(&value).unwrap().into_owned()
                        })
                        .collect();
                    found.push((pairs[0].clone(), pairs[1].clone()));
                }
                _ => {}
            }
            buffer.clear();
        }
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            found,
            [
                pair("from", hostile.from.as_deref().unwrap()),
                pair("subject", hostile.subject.as_deref().unwrap()),
                pair("forwardTo", "hanako-7q3k9x2mtf@mail.example.com"),
                pair("shouldNeverSpam", "true"),
            ]
        );
    }
}
