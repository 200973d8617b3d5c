//! One alert to its person: whether it may go out, by which channels, and what
//! else it has to tell. This page must not know dockets: whoever calls it has
//! claimed the alert, and settles it afterwards.

use std::ops::AddAssign;

use futures_util::future;
use tracing::{info, warn};

use super::Line;
use crate::burst::{AlertKind, Phase};
use crate::ledger::{Counting, LedgerError, Outgoing, Purse};
use crate::message::{self, Alert, Audience, Facts, Language};
use crate::notify::{Notify, NotifyError};
use crate::policy::{Policy, drill};

/// What became of the alerts that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) sent: u32,
    pub(super) unsent: Unsent,
}

/// Alerts that were due and were not sent, or not in full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsent {
    /// Only logged, because the policy says to observe.
    pub observed: u32,
    /// Held back by a cap; the next alert of the person says so.
    pub held_back: u32,
    /// Kept silent by a mute; the closing says so.
    pub muted: u32,
    /// Sent by e-mail only, because the month's SMS are spent.
    pub sms_withheld: u32,
}

impl Unsent {
    /// How many there are of each reason, by the word that metrics use for it.
    pub fn by_reason(&self) -> [(&'static str, u32); 4] {
        [
            ("observed", self.observed),
            ("held-back", self.held_back),
            ("muted", self.muted),
            ("sms-withheld", self.sms_withheld),
        ]
    }

    /// Whether there is nothing of the kind.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.unsent += other.unsent;
    }
}

impl AddAssign for Unsent {
    fn add_assign(&mut self, other: Self) {
        self.observed += other.observed;
        self.held_back += other.held_back;
        self.muted += other.muted;
        self.sms_withheld += other.sms_withheld;
    }
}

/// Somebody is trying a known service now, with mails that are real: no cap
/// holds this back, and it may use the reserve of the SMS budget.
fn is_pressing(facts: &Facts) -> bool {
    facts.phase == Phase::Opened
        && matches!(facts.alert, AlertKind::Hammered | AlertKind::Trickle)
        && crate::services::by_id(&facts.service_key).is_some()
}

impl<N: Notify> Line<N> {
    /// Sends one claimed alert, as far as the policy and the limits let it go.
    pub(super) async fn tell(
        &self,
        policy: &Policy,
        outgoing: &Outgoing,
        mut facts: Facts,
        now_ms: i64,
    ) -> Result<Tally, NotifyError> {
        let mut tally = Tally::default();
        let counting = if policy.observe_only { Counting::Observed } else { Counting::Sent };
        if let Some(person) = drill::whose(&facts.person) {
            facts.person = person.to_owned();
            return self.tell_drill(policy, outgoing, facts, now_ms).await;
        }
        if !is_pressing(&facts) && !self.is_within_caps(policy, &facts, outgoing, counting).await {
            let held = self.ledger.hold_back(&facts.person, &facts.id, now_ms, counting).await;
            rings_anyway("what was held back", &held);
            info!(
                alert.id = facts.id,
                alert.kind = facts.alert.as_str(),
                alert.phase = facts.phase.as_str(),
                person.id = facts.person,
                "a cap held an alert back"
            );
            tally.unsent.held_back += 1;
            return Ok(tally);
        }
        let lease_until_ms = now_ms + self.lease_ms;
        let told = self
            .ledger
            .tell_held_back(&facts.person, &facts.id, now_ms, lease_until_ms, counting)
            .await;
        rings_anyway("what was held back", &told);
        let told = told.unwrap_or_default();
        facts.held_back = u32::try_from(told.len()).unwrap_or(u32::MAX);

        let alert = compose(policy, &facts, now_ms);
        tally += self.deliver(policy, outgoing, &facts, alert, counting, now_ms).await?;
        if !told.is_empty() {
            let forgotten =
                self.ledger.forget_held_back(&facts.person, &facts.id, told, counting).await;
            rings_anyway("what was held back", &forgotten);
        }
        Ok(tally)
    }

    /// Tells a drill to the person who is drilled. It is over when it has rung,
    /// no cap holds it back, and it spends nothing that a real alert may need.
    async fn tell_drill(
        &self,
        policy: &Policy,
        outgoing: &Outgoing,
        facts: Facts,
        now_ms: i64,
    ) -> Result<Tally, NotifyError> {
        if !matches!(facts.phase, Phase::Opened | Phase::Escalated) {
            return Ok(Tally::default());
        }
        let language = audience(policy, &facts.person).language;
        let alert = message::as_drill(compose(policy, &facts, now_ms), language);
        let tally =
            self.deliver(policy, outgoing, &facts, alert, Counting::Drilled, now_ms).await?;
        // What a drill went without is nothing that anybody waits for.
        Ok(Tally { unsent: Unsent::default(), ..tally })
    }

    /// Publishes an alert, by SMS too if the month's budget allows it.
    async fn deliver(
        &self,
        policy: &Policy,
        outgoing: &Outgoing,
        facts: &Facts,
        mut alert: Alert,
        counting: Counting,
        now_ms: i64,
    ) -> Result<Tally, NotifyError> {
        let mut tally = Tally::default();
        if alert.sms.is_some() {
            // Counted in the month in which it was claimed: a later attempt
            // must not spend a second time.
            let purse = Purse::sms(outgoing.claimed_at_ms, counting);
            let spent =
                self.ledger.spend(&purse, &facts.id, policy.sms.limit(is_pressing(facts))).await;
            rings_anyway("the SMS budget", &spent);
            if !spent.unwrap_or(true) {
                alert = alert.without_sms();
                tally.unsent.sms_withheld += 1;
            }
        }
        if policy.observe_only {
            tally.unsent.observed += 1;
        } else {
            self.notify.publish(facts, &alert).await?;
            tally.sent += 1;
        }
        info!(
            alert.id = facts.id,
            alert.kind = facts.alert.as_str(),
            alert.phase = facts.phase.as_str(),
            alert.count = facts.count,
            alert.held_back = facts.held_back,
            alert.muted = facts.muted,
            alert.service = crate::services::by_id(&facts.service_key)
                .map_or("unlisted", |service| service.id.as_str()),
            alert.sms = alert.sms.is_some(),
            alert.sms_withheld = tally.unsent.sms_withheld > 0,
            alert.drill = counting == Counting::Drilled,
            alert.delay_ms = now_ms - facts.last_ms,
            person.id = facts.person,
            "{}",
            if policy.observe_only {
                "observing only, an alert was not sent"
            } else {
                "an alert was sent"
            }
        );
        Ok(tally)
    }

    /// Whether the caps of its person let an alert through.
    async fn is_within_caps(
        &self,
        policy: &Policy,
        facts: &Facts,
        outgoing: &Outgoing,
        counting: Counting,
    ) -> bool {
        let (person, at_ms) = (facts.person.as_str(), outgoing.claimed_at_ms);
        let caps = match facts.alert {
            AlertKind::ForwardConfirmation => vec![(
                Purse::confirmations(person, at_ms, counting),
                policy.limits.confirmations_per_day,
            )],
            _ => vec![
                (Purse::hour(person, at_ms, counting), policy.limits.per_hour),
                (Purse::day(person, at_ms, counting), policy.limits.per_day),
            ],
        };
        let spends = caps.iter().map(|(purse, limit)| self.ledger.spend(purse, &facts.id, *limit));
        let spent = future::join_all(spends).await;
        spent.into_iter().all(|spent| {
            rings_anyway("a cap", &spent);
            spent.unwrap_or(true)
        })
    }
}

/// The texts of an alert as its person may get them.
fn compose(policy: &Policy, facts: &Facts, now_ms: i64) -> Alert {
    let alert = message::compose(facts, &audience(policy, &facts.person), now_ms);
    let has_sms = policy.person(&facts.person).is_some_and(|person| person.sms);
    if has_sms { alert } else { alert.without_sms() }
}

/// How a person is written to; somebody who has left the policy, by the defaults.
fn audience(policy: &Policy, person: &str) -> Audience {
    policy.person(person).map_or_else(
        || Audience { language: Language::default(), time_zone: "Asia/Tokyo".to_owned() },
        |person| person.audience.clone(),
    )
}

/// A limit that cannot be counted holds nothing back: the bell comes first.
fn rings_anyway<T>(what: &str, result: &Result<T, LedgerError>) {
    if let Err(error) = result {
        warn!(error = %error, "{what} could not be counted, the alert is sent all the same: {error}");
    }
}
