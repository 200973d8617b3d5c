//! One world from its seed to what came of it: the real line and the real
//! ledger code over the engine, fed as a queue feeds a function. What was not
//! acknowledged comes again; then the weather clears, and only sweeps run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use futures_util::future::join_all;
use hansho::ledger::embedded::{Engine, TABLE, client_over};
use hansho::ledger::{CALL_SECONDS_MAX, Ledger};
use hansho::pipeline::{Line, Nonces};
use hansho::policy::Policy;

use super::record::{Bell, Event, Record, Shared, Storm};
use serde_json::json;

use super::scenario::{self, CROWD, Delivery, PEOPLE, Scenario};
use super::scheduler::{Clock, Ended, Life, Scheduler};
use crate::wire::Wire;
use crate::world::{DAWN_MS, HOUR_MS, LEASE_MS, MINUTE_MS, SECOND_MS};

/// A function is stopped after so long, well before a lease is over.
const LIFE_MS: i64 = 30 * SECOND_MS;
/// However long the sweeps go on: trickles close after a quiet day.
const END_MS: i64 = DAWN_MS + 30 * 24 * HOUR_MS;

/// What came of a world.
pub(crate) struct Outcome {
    pub(crate) scenario: Scenario,
    pub(crate) record: Record,
    /// What was still due at the end, as docket keys.
    pub(crate) left: Vec<String>,
}

/// What a task was for, and what is to come again.
enum Done {
    Mails(Vec<usize>),
    Sweep,
}

/// Runs the world of a seed.
pub(crate) fn run(seed: u64) -> Outcome {
    // The client's retries draw from this generator of the thread.
    fastrand::seed(seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let scenario = Scenario::draw(&mut random);
    let clock = Clock::starting_at(DAWN_MS);
    let record: Shared = Arc::default();
    let calm = Arc::new(AtomicBool::new(true));
    let engine = Engine::in_memory().unwrap();
    // People who have been greeted: what rings here rings for an incident.
    for person in PEOPLE {
        let known = json!({
            "TableName": TABLE,
            "Item": {
                "pk": {"S": person},
                "sk": {"S": "state"},
                "revision": {"N": "1"},
                "nonce": {"S": "known"},
                "incidents": {"L": []},
            },
        });
        assert_eq!(engine.answer("PutItem", known.to_string().as_bytes()).0, 200);
    }
    let storm = Storm {
        clock: clock.clone(),
        random: random.fork(),
        weather: scenario.weather.clone(),
        calm: Arc::clone(&calm),
        record: Arc::clone(&record),
    };
    let wire = Wire::in_time(clock.clone(), engine, storm);
    let line = Line {
        ledger: Ledger::new(client(wire, &clock), TABLE),
        notify: Bell {
            clock: clock.clone(),
            random: Mutex::new(random.fork()),
            weather: scenario.weather.clone(),
            calm: Arc::clone(&calm),
            record: Arc::clone(&record),
        },
        now_ms: Arc::new({
            let clock = clock.clone();
            move || clock.now_ms()
        }),
        nonces: Nonces::new(random.fork()),
        lease_ms: LEASE_MS,
    };
    let policy = Policy::read(scenario::POLICY).unwrap();

    let left = {
        let mut world = World {
            line: &line,
            policy: &policy,
            scenario: &scenario,
            record: &record,
            scheduler: Scheduler::new(clock, random),
            queue: Vec::new(),
            running: Vec::new(),
        };
        world.crowd();
        calm.store(false, Ordering::Relaxed);
        world.storm();
        calm.store(true, Ordering::Relaxed);
        world.clear()
    };
    drop(line);
    let record = std::mem::take(&mut *record.lock().unwrap());
    Outcome { scenario, record, left }
}

/// The client of one world. Whatever of it goes by a clock goes by the world's,
/// and it draws on retries of its own: by default all clients of a process share
/// them, and so the worlds beside this one would have a say in it.
fn client(wire: Wire, clock: &Clock) -> Client {
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_SECONDS_MAX).build();
    let retries = RetryPartition::custom("world").token_bucket(TokenBucket::default()).build();
    let config = client_over(wire, RetryConfig::standard())
        .config()
        .to_builder()
        .sleep_impl(clock.clone())
        .time_source(clock.clone())
        .retry_partition(retries)
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}

struct World<'a> {
    line: &'a Line<Bell>,
    policy: &'a Policy,
    scenario: &'a Scenario,
    record: &'a Shared,
    scheduler: Scheduler<'a, Done>,
    /// What is to be delivered, the soonest last.
    queue: Vec<Delivery>,
    /// The mails of each task that runs; none for a sweep.
    running: Vec<(u64, Vec<usize>)>,
}

impl World<'_> {
    /// Mails of another service that stand in the ledger before the storm, newer
    /// than most of what comes, and close enough to be read with it.
    fn crowd(&mut self) {
        if self.scenario.crowd == 0 {
            return;
        }
        let (line, policy, count) = (self.line, self.policy, self.scenario.crowd);
        let life = Life { polls: u64::MAX, ms: i64::MAX };
        self.scheduler.start(life, async move {
            for n in 0..count {
                let at_ms = DAWN_MS + 5 * HOUR_MS + i64::try_from(n).unwrap();
                let name = format!("crowd{n}");
                let mail = scenario::mail(PEOPLE[0], CROWD, at_ms, true, &name, &name);
                if n + 1 < count {
                    line.ledger.record(&line_sighting(&mail), (line.now_ms)()).await.unwrap();
                } else {
                    line.take(policy, &mail).await.unwrap();
                }
            }
            Done::Sweep
        });
        while !self.scheduler.is_idle() {
            self.scheduler.step(END_MS);
        }
    }

    /// Everything that is delivered, and the sweeps meanwhile.
    fn storm(&mut self) {
        self.queue.clone_from(&self.scenario.deliveries);
        self.queue.sort_by_key(|delivery| std::cmp::Reverse(delivery.at_ms));
        let mut sweeps = self.scenario.sweeps_ms.clone();
        sweeps.sort_unstable();
        sweeps.reverse();
        loop {
            let now_ms = self.scheduler.clock.now_ms();
            while let Some(delivery) = self.queue.pop_if(|next| next.at_ms <= now_ms) {
                self.deliver(delivery.mails);
            }
            while sweeps.pop_if(|next| *next <= now_ms).is_some() {
                // Most sweeps find nothing due: of those one in four runs.
                if self.is_due(now_ms) || self.scheduler.random.u32(0..4) == 0 {
                    self.sweep();
                }
            }
            let next_ms = [self.queue.last().map(|next| next.at_ms), sweeps.last().copied()]
                .into_iter()
                .flatten()
                .min();
            if next_ms.is_none() && self.scheduler.is_idle() {
                return;
            }
            self.step(next_ms.unwrap_or(END_MS));
        }
    }

    /// Sweeps in good weather, whenever something is due, until nothing is.
    fn clear(&mut self) -> Vec<String> {
        loop {
            let due = self.due();
            let now_ms = self.scheduler.clock.now_ms();
            let Some(next_ms) = due.iter().map(|(_, due_at_ms)| *due_at_ms).min() else {
                return Vec::new();
            };
            // As the schedule has it, five minutes apart.
            let tick_ms = (next_ms.max(now_ms) / (5 * MINUTE_MS) + 1) * (5 * MINUTE_MS);
            if tick_ms > END_MS {
                return due.into_iter().map(|(key, _)| key).collect();
            }
            while self.scheduler.step(tick_ms).is_some() {}
            self.sweep();
            while !self.scheduler.is_idle() {
                self.step(END_MS);
            }
        }
    }

    /// Whether something is due, as the last write of each docket has it.
    fn is_due(&self, now_ms: i64) -> bool {
        let record = self.record.lock().unwrap();
        let mut due_at_ms: BTreeMap<&str, Option<i64>> = BTreeMap::new();
        for (_, event) in &record.events {
            if let Event::Written { docket_key, docket, .. } = event {
                due_at_ms.insert(docket_key, docket.due_at_ms());
            }
        }
        due_at_ms.values().flatten().any(|due_at_ms| *due_at_ms <= now_ms)
    }

    fn due(&mut self) -> Vec<(String, i64)> {
        let found = Arc::new(Mutex::new(Vec::new()));
        let (line, into) = (self.line, Arc::clone(&found));
        self.scheduler.start(Life { polls: u64::MAX, ms: i64::MAX }, async move {
            *into.lock().unwrap() = line.ledger.due(i64::MAX, 1000).await.unwrap();
            Done::Sweep
        });
        while !self.scheduler.is_idle() {
            self.step(END_MS);
        }
        let found = std::mem::take(&mut *found.lock().unwrap());
        found.into_iter().map(|(key, due_at_ms)| (format!("{key:?}"), due_at_ms)).collect()
    }

    fn step(&mut self, until_ms: i64) {
        let Some(Some((task, ended))) = self.scheduler.step(until_ms) else { return };
        let Some(place) = self.running.iter().position(|(running, _)| *running == task) else {
            return;
        };
        let (_, mails) = self.running.swap_remove(place);
        let again = match ended {
            Ended::With(Done::Mails(failed)) => failed,
            Ended::With(Done::Sweep) => Vec::new(),
            Ended::Killed => {
                let mut record = self.record.lock().unwrap();
                record.faults += 1;
                record.events.push((self.scheduler.clock.now_ms(), Event::Killed { task }));
                mails
            }
        };
        if !again.is_empty() {
            // Not acknowledged: they come again once they are visible.
            let delay_ms = self.scheduler.random.i64(MINUTE_MS..6 * MINUTE_MS);
            let at_ms = self.scheduler.clock.now_ms() + delay_ms;
            let place = self.queue.partition_point(|other| other.at_ms > at_ms);
            self.queue.insert(place, Delivery { at_ms, mails: again });
        }
    }

    fn life(&mut self) -> Life {
        let dies = self.scheduler.random.u32(0..1000) < self.scenario.weather.killed;
        let polls = if dies { self.scheduler.random.u64(0..40) } else { u64::MAX };
        Life { polls, ms: LIFE_MS }
    }

    fn deliver(&mut self, mails: Vec<usize>) {
        let life = self.life();
        let (line, policy, scenario) = (self.line, self.policy, self.scenario);
        let batch = mails.clone();
        let task = self.scheduler.start(life, async move {
            let taken = batch.iter().map(|&place| line.take(policy, &scenario.mails[place]));
            let answers = join_all(taken).await;
            let failed = batch.iter().zip(answers).filter(|(_, answer)| answer.is_err());
            Done::Mails(failed.map(|(place, _)| *place).collect())
        });
        self.running.push((task, mails));
    }

    fn sweep(&mut self) {
        let life = self.life();
        let (line, policy) = (self.line, self.policy);
        let task = self.scheduler.start(life, async move {
            // A sweep that could not read what is due leaves it to the next.
            let _ = line.sweep(policy).await;
            Done::Sweep
        });
        self.running.push((task, Vec::new()));
    }
}

fn line_sighting(mail: &hansho::pipeline::Judged) -> hansho::ledger::Sighting {
    let reading = &mail.readings[0];
    hansho::ledger::Sighting {
        series: hansho::ledger::Series {
            person: reading.person.clone(),
            service_key: reading.verdict.service_key.clone(),
            group: hansho::ledger::Group::Counted,
        },
        verified: true,
        arrived_ms: mail.arrived_ms,
        mail: mail.mail.clone(),
        message: mail.message.clone(),
        kind: hansho::classify::Kind::Login,
    }
}
