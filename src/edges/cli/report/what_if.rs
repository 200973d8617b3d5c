//! What other thresholds and windows would have rung, by the same pure rule
//! that rings the bell, and the policy to copy.

use maud::{Markup, html};

use super::Story;
use crate::burst::{self, AlertKind, Rule, Seen, View};
use crate::edges::cli::check_policy::duration;
use crate::edges::cli::seen::Sightings;
use crate::message::Language;
use crate::policy::ONLY_PERSON;

/// So many code mails of one service …
const THRESHOLDS: [u32; 5] = [3, 4, 5, 8, 12];
/// … within so many minutes.
const WINDOWS_MIN: [i64; 4] = [5, 10, 30, 60];
const MINUTE_MS: i64 = 60_000;

/// What a rule would have rung.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rang {
    /// Bursts.
    pub(super) incidents: u32,
    /// Openings, rungs and closings.
    pub(super) alerts: u32,
}

/// What a rule for fast bursts of one service would have rung, verified or not.
pub(super) fn rang(sightings: &Sightings, rule: &Rule) -> Rang {
    let mut rang = Rang::default();
    for seen in sightings.series.values() {
        let all = view(seen.clone());
        let hammered = burst::explained(&all, rule, AlertKind::Hammered, &[]);
        let rest: Vec<Seen> = burst::without(&all, &hammered).seen;
        let rest = view(rest.into_iter().filter(|seen| !seen.verified).collect());
        let flooded = burst::explained(&rest, rule, AlertKind::PhishingFlood, &[]);
        for (spans, seen) in [(hammered, &all.seen), (flooded, &rest.seen)] {
            for (first_ms, last_ms) in spans {
                let within = |one: &&Seen| (first_ms..=last_ms).contains(&one.at_ms);
                let count = seen.iter().filter(within).count();
                rang.incidents += 1;
                rang.alerts += rungs(rule, u32::try_from(count).unwrap_or(u32::MAX)) + 1;
            }
        }
    }
    rang
}

/// How many rungs a count passes: one alert each.
fn rungs(rule: &Rule, count: u32) -> u32 {
    let mut rungs = 0;
    let mut left = rule.rung(count);
    while left >= rule.threshold.max(1) {
        rungs += 1;
        left /= burst::RUNG_FACTOR;
    }
    rungs
}

/// Everything is in memory, so nothing is missing.
pub(super) fn view(seen: Vec<Seen>) -> View {
    View { seen, complete_from_ms: i64::MIN, truncated: false }
}

/// The table of what would have rung.
pub(super) fn section(story: &Story) -> Markup {
    let words = story.words();
    let person = story.policy.people.first().map(|person| person.id.as_str()).unwrap_or_default();
    let now = story.policy.rule(person, "", AlertKind::Hammered);
    html! {
        p { (words.what_if_lead) }
        (super::scroll(words.what_if, html! {
            table.what-if {
                thead { tr {
                    th scope="col" { (words.threshold) }
                    @for minutes in WINDOWS_MIN { th scope="col" .n { (words.within.replace("{n}", &minutes.to_string())) } }
                } }
                tbody { @for threshold in THRESHOLDS { tr {
                    th scope="row" { (words.mails_or_more.replace("{n}", &threshold.to_string())) }
                    @for minutes in WINDOWS_MIN {
                        @let rule = Rule { threshold, window_ms: minutes * MINUTE_MS };
                        @let rang = rang(story.sightings, &rule);
                        td.n.chosen[rule == now] data-rule=(format!("{threshold}/{minutes}")) data-incidents=(rang.incidents) data-alerts=(rang.alerts) {
                            (words.rang_cell.replace("{incidents}", &rang.incidents.to_string()).replace("{alerts}", &rang.alerts.to_string()))
                            @if rule == now { " " strong { (words.now) } }
                        }
                    }
                } } }
            }
        }))
        p.note { (words.what_if_note) }
    }
}

/// The policy of this replay, to copy and to change.
pub(super) fn policy_toml(story: &Story) -> String {
    let words = story.words();
    let first = story.policy.people.first();
    let id = first.map_or(ONLY_PERSON, |person| person.id.as_str());
    let rule = |alert| {
        let rule = story.policy.rule(id, "", alert);
        format!("{{ count = {}, window = \"{}\" }}", rule.threshold, duration(rule.window_ms))
    };
    let mut toml = format!(
        "[alerts]\n# {}\nhammered = {}\n# {}\ntrickle = {}\n# {}\nsmokescreen = {}\n# {}\nphishing-flood = {}\n",
        words.toml_hammered,
        rule(AlertKind::Hammered),
        words.toml_trickle,
        rule(AlertKind::Trickle),
        words.toml_smokescreen,
        rule(AlertKind::Smokescreen),
        words.toml_phishing_flood,
        rule(AlertKind::PhishingFlood),
    );
    let language = match story.audience.language {
        Language::Ja => "ja",
        Language::En => "en",
    };
    toml += &format!(
        "\n[person.{id}]\nlanguage = \"{language}\"\ntime_zone = \"{}\"\nsms = {}\n",
        story.audience.time_zone,
        first.is_some_and(|person| person.sms),
    );
    if story.policy.people.iter().any(|person| !person.addresses.is_empty()) {
        toml += &format!("# {}\n", words.toml_addresses);
    }
    let strict = story.sightings.services().into_iter().find(|service| {
        crate::services::by_id(&service.key).is_some_and(|known| {
            use crate::services::Category;
            matches!(known.category, Category::Broker | Category::Bank | Category::Crypto)
        })
    });
    if let Some(service) = strict {
        toml += &format!(
            "\n# {}\n# [person.{id}.service.{}]\n# hammered = {{ count = 1, window = \"10m\" }}\n",
            words.toml_strict, service.key,
        );
    }
    toml
}
