//! The line against a brute-force oracle, over random timelines.
//!
//! # The oracle
//!
//! It knows all mails of one timeline and no order of delivery. Copies of one
//! mail are one mail, which arrived when its first copy did and is real if any
//! copy is; of a smokescreen the things counted are services, each once in a
//! minute. For a rule of *n* within *w*, with a quiet of *q* (the larger of *w*
//! and half an hour):
//!
//! 1. A mail is *dense* if there are two mails, no more than *w* apart, such
//!    that it lies between them (they included) and at least *n* different
//!    things lie there; for hammered and trickle one of these must be real.
//! 2. An incident begins at a dense mail that no incident holds, and takes in
//!    every next mail that comes no more than *q* after the one before.
//! 3. Its total is the number of different things in it, its peak the most of
//!    them between any two of its mails that are no more than *w* apart.
//!
//! What the line must do, if everything is delivered before the quiet is over:
//! open each of these incidents once, ring it at strictly rising rungs, and
//! close it once with the same total, first, last and peak.
//!
//! The timelines keep away from what no line can know: groups of mails are
//! either so near that even with the latest delivery they hang together, or so
//! far apart that the quiet lies between them in any case.

use std::collections::HashSet;

use hansho::burst::{AlertKind, Phase, Rule};
use hansho::ledger::{Docket, DocketKey};
use hansho::message::Facts;
use hansho::pipeline::Judged;
use hansho::policy::Policy;
use proptest::prelude::*;

use crate::world::{DAWN_MS, MINUTE_MS, SECOND_MS, World, code};

/// So many timelines of each kind; `PROPTEST_CASES` asks for more.
const CASES: u32 = 10;

/// One mail of a timeline.
#[derive(Debug, Clone)]
struct Mail {
    /// After the one before, in seconds.
    gap_s: i64,
    verified: bool,
    service: usize,
    /// It is delivered so long after it arrived, in seconds.
    delay_s: i64,
    /// Each delivery is doubled.
    doubled: bool,
    /// A second copy arrives so long after it, in seconds, by another rule.
    copied_s: Option<i64>,
    /// Its place where all are delivered at once.
    lot: u32,
}

/// A kind of timeline, by the pace of its mails.
#[derive(Debug, Clone, Copy)]
struct Pace {
    alert: AlertKind,
    within_s: i64,
    /// Between groups that hang together, and between those that do not.
    near_s: (i64, i64),
    far_s: (i64, i64),
    delay_s: i64,
    services: usize,
    policy: &'static str,
}

/// The rule under test, and the others out of the way.
const FAST: Pace = Pace {
    alert: AlertKind::Hammered,
    within_s: 150,
    near_s: (300, 900),
    far_s: (2_500, 5_400),
    delay_s: 600,
    services: 1,
    policy: "trickle.count = 200\nsmokescreen.count = 200\nphishing-flood.count = 200",
};
const SLOW: Pace = Pace {
    alert: AlertKind::Trickle,
    within_s: 7_200,
    near_s: (7_200, 36_000),
    far_s: (100_000, 200_000),
    delay_s: 21_600,
    services: 1,
    policy: "hammered.count = 200\nsmokescreen.count = 200\nphishing-flood.count = 200",
};
const BROAD: Pace = Pace {
    alert: AlertKind::Smokescreen,
    services: 9,
    policy: "hammered.count = 200\ntrickle.count = 200\nphishing-flood.count = 200",
    ..FAST
};

fn mail(pace: Pace) -> impl Strategy<Value = Mail> {
    let gap_s = prop_oneof![
        12 => 0..=pace.within_s,
        1 => pace.near_s.0..=pace.near_s.1,
        1 => pace.far_s.0..=pace.far_s.1,
    ];
    let rare = |weight| prop::bool::weighted(weight);
    (
        gap_s,
        rare(0.7),
        0..pace.services,
        0..=pace.delay_s,
        rare(0.1),
        prop::option::weighted(0.1, 1..60_i64),
        any::<u32>(),
    )
        .prop_map(|(gap_s, verified, service, delay_s, doubled, copied_s, lot)| Mail {
            gap_s,
            verified,
            service,
            delay_s,
            doubled,
            copied_s,
            lot,
        })
}

/// A mail as it arrived, with the time of its delivery.
struct Delivery {
    at_ms: i64,
    lot: u32,
    judged: Judged,
}

fn deliveries(mails: &[Mail]) -> Vec<Delivery> {
    let mut all = Vec::new();
    let mut arrived_ms = DAWN_MS;
    for (place, mail) in mails.iter().enumerate() {
        arrived_ms += mail.gap_s * SECOND_MS;
        let service = format!("domain:s{}.example", mail.service);
        let name = format!("m{place}");
        let copies = std::iter::once(0).chain(mail.copied_s);
        for (copy, later_s) in copies.enumerate() {
            let at_ms = arrived_ms + later_s * SECOND_MS;
            // The copy says nothing of its own on whether the mail is real.
            let mut judged = code(&service, at_ms, mail.verified && copy == 0, &name);
            judged.mail = format!("{name}-{copy}");
            for _ in 0..=usize::from(mail.doubled) {
                let delivered_ms = at_ms + mail.delay_s * SECOND_MS;
                let lot = mail.lot.rotate_left(copy as u32);
                all.push(Delivery { at_ms: delivered_ms, lot, judged: judged.clone() });
            }
        }
    }
    all
}

/// An incident, in the words that both sides use.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Incident {
    first_ms: i64,
    last_ms: i64,
    count: u32,
    peak: u32,
}

/// One thing at one time.
#[derive(Clone)]
struct Thing {
    at_ms: i64,
    key: String,
    verified: bool,
}

fn things(deliveries: &[Delivery], alert: AlertKind) -> Vec<Thing> {
    let mut things: Vec<Thing> = Vec::new();
    for Delivery { judged, .. } in deliveries {
        let verdict = &judged.readings[0].verdict;
        let verified = verdict.authenticity == hansho::classify::Authenticity::Verified;
        let (at_ms, key) = match alert {
            AlertKind::Smokescreen => (
                judged.arrived_ms - judged.arrived_ms.rem_euclid(MINUTE_MS),
                verdict.service_key.clone(),
            ),
            _ => (judged.arrived_ms, judged.message.clone()),
        };
        let same = things.iter_mut().find(|thing| {
            thing.key == key && (alert != AlertKind::Smokescreen || thing.at_ms == at_ms)
        });
        match same {
            Some(thing) => {
                thing.at_ms = thing.at_ms.min(at_ms);
                thing.verified |= verified;
            }
            None => things.push(Thing { at_ms, key, verified }),
        }
    }
    things.sort_by_key(|thing| thing.at_ms);
    things
}

fn different(things: &[Thing]) -> u32 {
    things.iter().map(|thing| &thing.key).collect::<HashSet<_>>().len() as u32
}

/// Every stretch between two things that are no more than a window apart.
fn stretches<'a>(things: &'a [Thing], rule: &Rule) -> Vec<(usize, &'a [Thing])> {
    let mut all = Vec::new();
    for from in 0..things.len() {
        for to in from..things.len() {
            if things[to].at_ms - things[from].at_ms <= rule.window_ms {
                all.push((from, &things[from..=to]));
            }
        }
    }
    all
}

fn oracle(things: &[Thing], rule: &Rule, alert: AlertKind) -> Vec<Incident> {
    let mut dense = vec![false; things.len()];
    for (from, stretch) in stretches(things, rule) {
        let real = alert == AlertKind::Smokescreen || stretch.iter().any(|thing| thing.verified);
        if real && different(stretch) >= rule.threshold {
            dense[from..from + stretch.len()].fill(true);
        }
    }
    let mut incidents = Vec::new();
    let mut place = 0;
    while place < things.len() {
        if !dense[place] {
            place += 1;
            continue;
        }
        let first = place;
        while things
            .get(place + 1)
            .is_some_and(|next| next.at_ms - things[place].at_ms <= rule.quiet_ms())
        {
            place += 1;
        }
        let own = &things[first..=place];
        let peak = stretches(own, rule).into_iter().map(|(_, stretch)| different(stretch)).max();
        incidents.push(Incident {
            first_ms: own[0].at_ms,
            last_ms: things[place].at_ms,
            count: different(own),
            peak: peak.unwrap_or_default(),
        });
        place += 1;
    }
    incidents
}

/// Plays the deliveries, each at its own time, or all at the end by lot.
fn play(pace: Pace, mut deliveries: Vec<Delivery>, at_once: bool) -> Vec<Facts> {
    if at_once {
        let end_ms = deliveries.iter().map(|delivery| delivery.at_ms).max().unwrap_or(DAWN_MS);
        deliveries.sort_by_key(|delivery| delivery.lot);
        deliveries.iter_mut().for_each(|delivery| delivery.at_ms = end_ms);
    } else {
        deliveries.sort_by_key(|delivery| (delivery.at_ms, delivery.lot));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(7);
        world.policy = policy(pace);
        let person = DocketKey::Person("hanako".to_owned());
        let known = Docket { revision: 1, ..Docket::default() };
        world.line.ledger.write(&person, None, &known, DAWN_MS).await.unwrap();
        for delivery in &deliveries {
            world.sweep_until(delivery.at_ms).await;
            world.set_clock(delivery.at_ms);
            world.take(&delivery.judged).await;
        }
        world.sweep_until(world.now_ms() + 72 * 60 * MINUTE_MS).await;
        world.rung()
    })
}

fn policy(pace: Pace) -> Policy {
    // No cap: what is held back could not be compared.
    let text = format!(
        "[limits]\nper_hour = 200\nper_day = 1000\n[alerts]\n{}\n[person.hanako]\n",
        pace.policy
    );
    Policy::read(&text).unwrap()
}

fn check(pace: Pace, mails: &[Mail], at_once: bool) -> Result<(), TestCaseError> {
    let deliveries = deliveries(mails);
    let rule = policy(pace).rule("hanako", "domain:s0.example", pace.alert);
    let expected = oracle(&things(&deliveries, pace.alert), &rule, pace.alert);
    let rang = play(pace, deliveries, at_once);
    prop_assert!(rang.iter().all(|facts| facts.alert == pace.alert));

    let of = |phase: Phase| rang.iter().filter(move |facts| facts.phase == phase);
    let mut closed: Vec<Incident> = of(Phase::Closed)
        .map(|facts| Incident {
            first_ms: facts.first_ms,
            last_ms: facts.last_ms,
            count: facts.count,
            peak: facts.peak,
        })
        .collect();
    closed.sort();
    prop_assert_eq!(&closed, &expected);
    for closing in of(Phase::Closed) {
        prop_assert!(!closing.at_least);
        let own: Vec<&Facts> =
            rang.iter().filter(|facts| facts.incident == closing.incident).collect();
        let phases: Vec<Phase> = own.iter().map(|facts| facts.phase).collect();
        let is_once = |phase| phases.iter().filter(|&&other| other == phase).count() == 1;
        prop_assert!(is_once(Phase::Opened) && is_once(Phase::Closed), "{phases:?}");
        prop_assert_eq!((phases[0], phases[phases.len() - 1]), (Phase::Opened, Phase::Closed));
        let rungs: Vec<u32> =
            own[..own.len() - 1].iter().map(|facts| rule.rung(facts.count)).collect();
        prop_assert!(rungs.windows(2).all(|pair| pair[0] < pair[1]), "{rungs:?}");
    }
    prop_assert_eq!(of(Phase::Opened).count(), expected.len());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a test is an edge: whoever runs it says how long")]
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked { default.cases } else { CASES },
        failure_persistence: None,
        max_shrink_iters: 200,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn fast_bursts_are_those_of_the_oracle(mails in prop::collection::vec(mail(FAST), 4..30)) {
        check(FAST, &mails, false)?;
    }

    #[test]
    fn slow_ones_are_those_of_the_oracle(mails in prop::collection::vec(mail(SLOW), 10..30)) {
        check(SLOW, &mails, false)?;
    }

    #[test]
    fn smokescreens_are_those_of_the_oracle(mails in prop::collection::vec(mail(BROAD), 4..30)) {
        check(BROAD, &mails, false)?;
    }

    /// A whole day is found at once, in any order. Its bursts are short enough
    /// that whichever mail comes first belongs with the others.
    #[test]
    fn what_is_found_late_is_the_same(mails in prop::collection::vec(mail(FAST), 4..30)) {
        let apart: Vec<Mail> = mails
            .into_iter()
            .enumerate()
            .map(|(place, mail)| {
                let gap_s = if place % 9 == 0 { FAST.far_s.0 } else { mail.gap_s.min(150) };
                Mail { gap_s, ..mail }
            })
            .collect();
        check(FAST, &apart, true)?;
    }
}
