//! What happens in one world: which mails arrive when, and when each is
//! delivered, how often and in which company. Drawn from a seed.

use hansho::classify::{Authenticity, Kind, Outcome, Verdict};
use hansho::pipeline::{Judged, Reading};

use crate::world::{DAWN_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// The services of the storm. The third has a threshold of one.
pub(crate) const SERVICES: [&str; 6] = [
    "rakuten-sec",
    "domain:b.example",
    "sbi-sec",
    "domain:d.example",
    "domain:e.example",
    "domain:f.example",
];
/// The service whose mails stand in the table in great numbers in some worlds.
pub(crate) const CROWD: &str = "domain:crowd.example";
pub(crate) const PEOPLE: [&str; 2] = ["hanako", "taro"];

pub(crate) const POLICY: &str = r#"
[person.hanako]
addresses = ["hanako-7q3k9x2mtf@mail.example.com"]
language = "ja"
sms = true

[person.hanako.service.sbi-sec]
hammered = { count = 1 }

[person.taro]
addresses = ["taro-5j8w2q6zrc@mail.example.com"]
language = "en"
"#;

/// One invocation of the function: some mails at once.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) at_ms: i64,
    pub(crate) mails: Vec<usize>,
}

/// How much goes wrong, and how.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// Of 1000 calls, so many fail.
    pub(crate) calls_failing: u32,
    /// Of 1000 calls, so many take seconds.
    pub(crate) calls_slow: u32,
    /// Of 1000 invocations, so many are killed at some await.
    pub(crate) killed: u32,
    /// Of 1000 publishes, so many fail before or after they are taken.
    pub(crate) publishes_failing: u32,
    /// No publish works within these times, in milliseconds since the epoch.
    pub(crate) outage: (i64, i64),
    /// No sweep runs within these times.
    pub(crate) no_sweep: (i64, i64),
    /// Of 1000 sweeps, so many run twice at once.
    pub(crate) sweeps_doubled: u32,
}

/// One world.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) mails: Vec<Judged>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) sweeps_ms: Vec<i64>,
    pub(crate) weather: Weather,
    /// So many mails of [`CROWD`] stand in the ledger before.
    pub(crate) crowd: usize,
}

/// A code mail that has been judged.
pub(crate) fn mail(
    person: &str,
    service: &str,
    at_ms: i64,
    verified: bool,
    name: &str,
    message: &str,
) -> Judged {
    let verdict = Verdict {
        outcome: Outcome::Code,
        kind: Some(Kind::Login),
        service: hansho::services::by_id(service).map(|service| service.id.as_str()),
        service_key: service.to_owned(),
        authenticity: if verified { Authenticity::Verified } else { Authenticity::Unverified },
        confirm_link: None,
        confirm_mailbox: None,
        signals: Vec::new(),
        score: 200,
    };
    Judged {
        outcome: Outcome::Code,
        arrived_ms: at_ms,
        mail: name.to_owned(),
        message: message.to_owned(),
        from_home: false,
        readings: vec![Reading { person: person.to_owned(), verdict }],
        stranger: None,
    }
}

impl Scenario {
    pub(crate) fn draw(random: &mut fastrand::Rng) -> Self {
        let mut mails = Vec::new();
        for _ in 0..random.usize(1..=3) {
            act(random, &mut mails);
        }
        let deliveries = deliveries(random, &mails);
        let last_ms = deliveries.iter().map(|delivery| delivery.at_ms).max().unwrap_or(DAWN_MS);
        let rough = random.choice([0, 0, 1, 3]).unwrap_or_default();
        let start = |random: &mut fastrand::Rng| DAWN_MS + random.i64(0..6 * HOUR_MS);
        let outage_ms = start(random);
        let no_sweep_ms = start(random);
        let weather = Weather {
            calls_failing: rough * random.u32(0..60),
            calls_slow: rough * random.u32(0..8),
            killed: rough * random.u32(0..120),
            publishes_failing: rough * random.u32(0..200),
            outage: (outage_ms, outage_ms + i64::from(rough) * random.i64(0..HOUR_MS)),
            no_sweep: (no_sweep_ms, no_sweep_ms + i64::from(rough) * random.i64(0..HOUR_MS)),
            sweeps_doubled: random.choice([0, 100, 500]).unwrap_or_default(),
        };
        let mut sweeps_ms = Vec::new();
        let mut at_ms = DAWN_MS + HOUR_MS;
        while at_ms < last_ms + 10 * MINUTE_MS {
            // Schedules are late by up to a minute, and sometimes by more.
            let late_ms = if random.u32(0..20) == 0 { 4 * MINUTE_MS } else { MINUTE_MS };
            let swept_ms = at_ms + random.i64(0..late_ms);
            if !(weather.no_sweep.0..weather.no_sweep.1).contains(&swept_ms) {
                sweeps_ms.push(swept_ms);
                if random.u32(0..1000) < weather.sweeps_doubled {
                    sweeps_ms.push(swept_ms + random.i64(0..200));
                }
            }
            at_ms += 5 * MINUTE_MS;
        }
        let crowd = if random.u32(0..100) == 0 { 430 } else { 0 };
        Self { mails, deliveries, sweeps_ms, weather, crowd }
    }
}

/// Some mails that belong together.
fn act(random: &mut fastrand::Rng, mails: &mut Vec<Judged>) {
    let person = if random.u32(0..5) == 0 { PEOPLE[1] } else { PEOPLE[0] };
    let service = SERVICES[random.usize(0..3)];
    let from_ms = DAWN_MS + HOUR_MS + random.i64(0..3 * HOUR_MS);
    let mut add = |random: &mut fastrand::Rng, service: &str, at_ms: i64, verified: bool| {
        let message = format!("m{}", mails.len());
        mails.push(mail(person, service, at_ms, verified, &format!("n{}", mails.len()), &message));
        // Two forwarding rules bring the same mail twice, under two names.
        if random.u32(0..20) == 0 {
            let at_ms = at_ms + random.i64(0..20 * SECOND_MS);
            let verified = verified && random.bool();
            let name = format!("n{}", mails.len());
            mails.push(mail(person, service, at_ms, verified, &name, &message));
        }
    };
    let choice = random.u32(0..100);
    let (count, span_ms, unverified_of_100) = match choice {
        // A flood at one moment, in minutes, in most of an hour.
        0..15 => (random.i64(5..=24), SECOND_MS, 0),
        15..40 => (random.i64(5..=12), 10 * MINUTE_MS, 0),
        40..50 => (random.i64(6..=24), 50 * MINUTE_MS, 0),
        // One too few.
        50..58 => (4, 10 * MINUTE_MS, 0),
        // A slow one.
        58..66 => (random.i64(12..=16), 8 * HOUR_MS, 0),
        // Forged, and half forged.
        66..76 => (random.i64(5..=12), 10 * MINUTE_MS, 100),
        76..86 => (random.i64(5..=12), 10 * MINUTE_MS, 60),
        // Many services.
        86..95 => {
            for service in SERVICES.iter().take(random.usize(4..=6)) {
                let at_ms = from_ms + random.i64(0..9 * MINUTE_MS);
                add(random, service, at_ms, true);
            }
            return;
        }
        // A login now and then.
        _ => (random.i64(1..=3), 5 * HOUR_MS, 0),
    };
    for _ in 0..count {
        let at_ms = from_ms + random.i64(0..span_ms);
        let verified = random.i64(0..100) >= unverified_of_100;
        add(random, service, at_ms, verified);
    }
}

/// Every mail at least once.
fn deliveries(random: &mut fastrand::Rng, mails: &[Judged]) -> Vec<Delivery> {
    let delay_max_ms = random
        .choice([2 * SECOND_MS, 30 * SECOND_MS, 20 * MINUTE_MS, 50 * MINUTE_MS, 5 * HOUR_MS])
        .unwrap_or(SECOND_MS);
    let mut single: Vec<(i64, usize)> = Vec::new();
    for (place, mail) in mails.iter().enumerate() {
        let copies = random.choice([1, 1, 1, 2, 3]).unwrap_or(1);
        // Most are quick even in a world where some are late.
        let late = random.u32(0..3) == 0;
        let mut before_ms = None;
        for _ in 0..copies {
            let delay_ms = if late { random.i64(0..delay_max_ms) } else { random.i64(0..2000) };
            let mut at_ms = mail.arrived_ms + delay_ms;
            if late && random.bool() {
                // Just as a sweep runs.
                at_ms += (5 * MINUTE_MS - (at_ms - DAWN_MS) % (5 * MINUTE_MS)) + random.i64(0..300);
            }
            // Half of the copies are alive at the same time.
            if let Some(before_ms) = before_ms.filter(|_| random.bool()) {
                at_ms = before_ms + random.i64(0..60);
            }
            before_ms = Some(at_ms);
            single.push((at_ms, place));
        }
    }
    single.sort_unstable();
    let mut deliveries: Vec<Delivery> = Vec::new();
    for (at_ms, place) in single {
        match deliveries.last_mut() {
            Some(last)
                if at_ms - last.at_ms < 2000 && last.mails.len() < 10 && random.u32(0..3) == 0 =>
            {
                last.mails.push(place);
            }
            _ => deliveries.push(Delivery { at_ms, mails: vec![place] }),
        }
    }
    deliveries
}
