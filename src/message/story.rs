//! One alert, ready to be told: its facts, whom it is about, the hour and what
//! to do. Every text of every language is made from this and from nothing else.

use jiff::Zoned;

use super::about::{self, About};
use super::clock::Clock;
use super::playbook::{self, Plan};
use super::{Audience, Facts, Language};
use crate::burst::{AlertKind, Phase};

/// An opening that comes later than this after its last mail says so.
const LATE_MS: i64 = 60 * 60 * 1000;
/// A longer name does not go into a subject.
const MAX_HEADLINE_CHARS: usize = 40;
/// Farther away than this a date is told with its year: half a year.
const NEAR_MS: u64 = 182 * 24 * 60 * 60 * 1000;

/// What a text may speak of.
pub(super) struct Story<'a> {
    /// The facts.
    pub(super) facts: &'a Facts,
    /// Whom they are about.
    pub(super) about: About,
    /// The hour.
    pub(super) clock: Clock,
    /// What to do at this hour.
    pub(super) plan: Plan,
    /// When the first mail came, on the person's clock.
    pub(super) first: Zoned,
    /// When the last one came.
    pub(super) last: Zoned,
    /// In which language it is told.
    pub(super) language: Language,
}

impl<'a> Story<'a> {
    /// Gathers what an alert of these facts can say.
    pub(super) fn new(facts: &'a Facts, audience: &Audience, now_ms: i64) -> Story<'a> {
        let about = about::subject_of(facts);
        let clock = Clock::new(&audience.time_zone, now_ms);
        Story {
            plan: playbook::plan(facts.alert, &about, facts.kind, &clock),
            first: clock.at(facts.first_ms.min(facts.last_ms)),
            last: clock.at(facts.last_ms.max(facts.first_ms)),
            language: audience.language,
            facts,
            about,
            clock,
        }
    }

    /// The opening of something that was over an hour ago or more.
    pub(super) fn late(&self) -> bool {
        let age_ms =
            self.clock.now().timestamp().as_millisecond().saturating_sub(self.facts.last_ms);
        self.facts.phase == Phase::Opened && age_ms > LATE_MS
    }

    /// Some of the mails are not confirmed to be real, though others are.
    pub(super) fn mixed(&self) -> bool {
        let counts_mails = matches!(self.facts.alert, AlertKind::Hammered | AlertKind::Trickle);
        counts_mails && self.facts.verified < self.facts.count
    }

    /// How long the mails came, in whole minutes, rounded up.
    pub(super) fn span_minutes(&self) -> i64 {
        let span_ms = self.facts.last_ms.saturating_sub(self.facts.first_ms).max(0);
        span_ms / 60_000 + i64::from(span_ms % 60_000 > 0)
    }

    /// The window of the rule, in whole minutes.
    pub(super) fn window_minutes(&self) -> i64 {
        (self.facts.window_ms / 60_000).max(1)
    }

    /// The name of the service as this language says it.
    pub(super) fn name(&self) -> String {
        self.about.spoken(self.language)
    }

    /// The name for a subject: a very long domain would push the number out.
    pub(super) fn headline_name(&self, language: Language) -> &str {
        let name = self.about.name.get(language);
        let short = self.about.short.get(language);
        if name.chars().count() <= MAX_HEADLINE_CHARS { name } else { short }
    }

    /// Whether a date is near enough to be told without its year.
    pub(super) fn is_near(&self, at: &Zoned) -> bool {
        let now_ms = self.clock.now().timestamp().as_millisecond();
        now_ms.abs_diff(at.timestamp().as_millisecond()) < NEAR_MS
    }

    /// The text names a domain, with its dot in brackets.
    pub(super) fn names_a_domain(&self) -> bool {
        self.name().contains("[.]") || self.services().iter().any(|name| name.contains("[.]"))
    }

    /// The services of a smokescreen, by the names that this language has.
    pub(super) fn services(&self) -> Vec<String> {
        let keys = self.facts.services.iter().take(12);
        keys.map(|key| about::subject_of_key(key, self.facts.kind).spoken(self.language)).collect()
    }
}
