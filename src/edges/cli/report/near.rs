//! Close calls: bursts one mail short of a bell, and mails whose score was a
//! little too low for a code mail. A mail is named by where it lies, never by
//! what it says.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Story;
use super::what_if::view;
use crate::burst::{self, AlertKind, Rule, Seen};
use crate::classify::THRESHOLD;
use crate::edges::cli::sift::Place;
use crate::pipeline::Judged;

/// A score this far below the threshold is still a close call.
const SCORE_MARGIN: i32 = 40;
/// At most so many mails are kept, those with the highest scores.
const MAILS_MAX: usize = 50;
/// At most so many bursts are shown.
const BURSTS_MAX: usize = 100;

/// Mails that were nearly taken for code mails.
#[derive(Debug, Default)]
pub(in super::super) struct Near {
    /// By score, highest first; then where it lies, which makes it unique.
    mails: BTreeSet<NearMail>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NearMail {
    lower: i32,
    place: String,
    at_ms: i64,
    because: Vec<String>,
}

impl Near {
    /// Keeps a mail that is no code mail, if it was near to being one.
    pub(in super::super) fn look_at(&mut self, place: Place, judged: &Judged) {
        let Some(verdict) = judged.verdict() else { return };
        if verdict.score < THRESHOLD - SCORE_MARGIN || verdict.score >= THRESHOLD {
            return;
        }
        let because = verdict
            .signals
            .iter()
            .filter(|signal| signal.weight != 0)
            .map(|signal| format!("{:+} {}", signal.weight, signal.because))
            .collect();
        self.mails.insert(NearMail {
            lower: -verdict.score,
            place: format!("{} #{}", place.path.display(), place.index),
            at_ms: judged.arrived_ms,
            because,
        });
        while self.mails.len() > MAILS_MAX {
            self.mails.pop_last();
        }
    }
}

/// A burst that one mail more would have made an incident.
struct NearBurst {
    key: String,
    alert: AlertKind,
    rule: Rule,
    count: usize,
    first_ms: i64,
    last_ms: i64,
}

fn bursts(story: &Story) -> Vec<NearBurst> {
    let mut near = Vec::new();
    let mut services: BTreeMap<&str, Vec<Seen>> = BTreeMap::new();
    for ((person, key, _), seen) in &story.sightings.series {
        let rule = |alert| story.policy.rule(person, key, alert);
        let all = view(seen.clone());
        let hammered = burst::explained(&all, &rule(AlertKind::Hammered), AlertKind::Hammered, &[]);
        let rest = burst::without(&all, &hammered);
        let unverified = rest.seen.iter().filter(|seen| !seen.verified).cloned().collect();
        find(&mut near, key, AlertKind::Hammered, rule(AlertKind::Hammered), all.seen);
        find(&mut near, key, AlertKind::Trickle, rule(AlertKind::Trickle), rest.seen);
        find(&mut near, key, AlertKind::PhishingFlood, rule(AlertKind::PhishingFlood), unverified);
        let of_person = services.entry(person).or_default();
        of_person.extend(seen.iter().map(|one| Seen { key: key.clone(), ..one.clone() }));
    }
    for (person, mut seen) in services {
        seen.sort_by(|a, b| (a.at_ms, &a.key).cmp(&(b.at_ms, &b.key)));
        let rule = story.policy.rule(person, "*", AlertKind::Smokescreen);
        find(&mut near, "*", AlertKind::Smokescreen, rule, seen);
    }
    near.sort_by_key(|burst| burst.first_ms);
    near
}

/// The spans that one less would have opened, and the rule itself did not.
fn find(near: &mut Vec<NearBurst>, key: &str, alert: AlertKind, rule: Rule, seen: Vec<Seen>) {
    // One or two mails are what every login is.
    if rule.threshold <= 3 {
        return;
    }
    let lower = Rule { threshold: rule.threshold - 1, ..rule };
    let all = view(seen);
    let rang = burst::explained(&all, &rule, alert, &[]);
    for (first_ms, last_ms) in burst::explained(&all, &lower, alert, &[]) {
        if rang.iter().any(|(first, last)| *first <= last_ms && first_ms <= *last) {
            continue;
        }
        near.push(NearBurst {
            key: key.to_owned(),
            alert,
            rule,
            count: usize::try_from(lower.threshold).unwrap_or_default(),
            first_ms,
            last_ms,
        });
    }
}

/// Both kinds of close calls.
pub(super) fn section(story: &Story) -> Markup {
    let words = story.words();
    let bursts = bursts(story);
    html! {
        h3 { (words.near_bursts) }
        @if bursts.is_empty() { p { (words.none) } } @else {
            (super::scroll(words.near_bursts, html! {
                table {
                    thead { tr {
                        th scope="col" { (words.service) }
                        th scope="col" { (words.would_be) }
                        th scope="col" { (words.reason) }
                        th scope="col" { (words.first) }
                        th scope="col" { (words.last) }
                    } }
                    tbody { @for burst in bursts.iter().take(BURSTS_MAX) { tr {
                        th scope="row" { bdi { (story.name(&burst.key)) } }
                        td { (words.alert(burst.alert)) }
                        td { (words.near_reason
                            .replace("{count}", &burst.count.to_string())
                            .replace("{threshold}", &burst.rule.threshold.to_string())
                            .replace("{window}", &words.span(burst.rule.window_ms))) }
                        td { (story.time(burst.first_ms)) }
                        td { (story.time(burst.last_ms)) }
                    } } }
                }
            }))
        }
        h3 { (words.near_mails) }
        p.note { (words.near_mails_lead.replace("{n}", &THRESHOLD.to_string())) }
        @if story.near.mails.is_empty() { p { (words.none) } } @else {
            (super::scroll(words.near_mails, html! {
                table {
                    thead { tr {
                        th scope="col" .n { (words.score) }
                        th scope="col" { (words.place) }
                        th scope="col" { (words.arrived) }
                        th scope="col" { (words.reason) }
                    } }
                    tbody { @for mail in &story.near.mails { tr {
                        td.n { (-mail.lower) }
                        th scope="row" .place { bdi { (mail.place) } }
                        td { (story.time(mail.at_ms)) }
                        td { ul.plain { @for because in &mail.because { li { (because) } } } }
                    } } }
                }
            }))
        }
    }
}
