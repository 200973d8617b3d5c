//! A world for the line: the embedded engine, a clock that is set by hand, and
//! a bell that can be heard. Mails are made as already judged.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use hansho::burst::Phase;
use hansho::classify::{Authenticity, Kind, Outcome, Verdict};
use hansho::ledger::embedded::{Engine, TABLE};
use hansho::ledger::{Group, Ledger, Series, Sighting};
use hansho::message::{Alert, Facts};
use hansho::notify::{Notify, NotifyError};
use hansho::pipeline::{Judged, Line, Nonces, Reading};
use hansho::policy::Policy;

/// Monday 2026-06-01 00:00 in Tokyo.
pub(crate) const DAWN_MS: i64 = 1_780_239_600_000;
pub(crate) const SECOND_MS: i64 = 1000;
pub(crate) const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const LEASE_MS: i64 = MINUTE_MS;

/// A bell that remembers, and that can be made to fail.
#[derive(Clone, Default)]
pub(crate) struct Bell {
    pub(crate) rung: Arc<Mutex<Vec<(i64, Facts)>>>,
    pub(crate) fail: Arc<Mutex<Vec<Failure>>>,
    /// The same alerts as they went out.
    pub(crate) texts: Arc<Mutex<Vec<(Phase, Alert)>>>,
    now_ms: Arc<AtomicI64>,
}

/// What goes wrong at the next publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is not taken.
    Refused,
    /// The function dies before it publishes: the future never ends.
    Killed,
}

impl Notify for Bell {
    async fn publish(&self, facts: &Facts, alert: &Alert) -> Result<(), NotifyError> {
        tokio::task::yield_now().await;
        let failure = self.fail.lock().unwrap().pop();
        match failure {
            Some(Failure::Refused) => {
                return Err(NotifyError::Transient("refused by the test".to_owned()));
            }
            Some(Failure::Killed) => std::future::pending().await,
            None => {}
        }
        self.texts.lock().unwrap().push((facts.phase, alert.clone()));
        self.rung.lock().unwrap().push((self.now_ms.load(Ordering::Relaxed), facts.clone()));
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) line: Line<Bell>,
    pub(crate) bell: Bell,
    pub(crate) policy: Policy,
    now_ms: Arc<AtomicI64>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let engine = Engine::in_memory().unwrap();
        let client = engine.client();
        Self::over(engine, client, seed)
    }

    /// A world whose client is another than the engine's own.
    pub(crate) fn over(engine: Engine, client: Client, seed: u64) -> Self {
        let now_ms = Arc::new(AtomicI64::new(DAWN_MS));
        let bell = Bell { now_ms: Arc::clone(&now_ms), ..Bell::default() };
        let clock = Arc::clone(&now_ms);
        let line = Line {
            ledger: Ledger::new(client, TABLE),
            notify: bell.clone(),
            now_ms: Arc::new(move || clock.load(Ordering::Relaxed)),
            nonces: Nonces::new(fastrand::Rng::with_seed(seed)),
            lease_ms: LEASE_MS,
        };
        let policy = Policy::read(POLICY).unwrap();
        Self { engine, line, bell, policy, now_ms }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_clock(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::Relaxed);
    }

    pub(crate) async fn take(&self, judged: &Judged) {
        self.line.take(&self.policy, judged).await.unwrap();
    }

    pub(crate) async fn sweep_at(&self, now_ms: i64) {
        self.set_clock(now_ms);
        self.line.sweep(&self.policy).await.unwrap();
    }

    /// Sweeps on the five-minute schedule until then, passing over the times at
    /// which nothing is due.
    pub(crate) async fn sweep_until(&self, until_ms: i64) {
        while let Some((_, due_at_ms)) =
            self.line.ledger.due(i64::MAX, 1).await.unwrap().into_iter().next()
        {
            let next_ms = due_at_ms.max(self.now_ms() + 1);
            let tick_ms = (next_ms + 5 * MINUTE_MS - 1) / (5 * MINUTE_MS) * (5 * MINUTE_MS);
            if tick_ms > until_ms {
                break;
            }
            self.sweep_at(tick_ms).await;
        }
        self.set_clock(until_ms.max(self.now_ms()));
    }

    /// Writes the sightings of many mails of one series, as functions would that
    /// died before they looked. The first is recorded as always; the others are
    /// written beside it without the client, which would take minutes.
    pub(crate) async fn crowd(&self, mails: &[Judged]) {
        let first = mails.first().expect("a mail");
        let reading = first.readings.first().expect("a person");
        let verdict = &reading.verdict;
        let kind = verdict.kind.expect("a code mail");
        let person = self.policy.person(&reading.person).expect("a person");
        let sighting = Sighting {
            series: Series {
                person: reading.person.clone(),
                service_key: verdict.service_key.clone(),
                group: Group::of(kind, &person.counted),
            },
            verified: verdict.authenticity == Authenticity::Verified,
            arrived_ms: first.arrived_ms,
            mail: first.mail.clone(),
            message: first.message.clone(),
            kind,
        };
        self.line.ledger.record(&sighting, self.now_ms()).await.unwrap();
        let scan = format!(r#"{{"TableName":"{TABLE}"}}"#);
        let (_, rows) = self.engine.answer("Scan", scan.as_bytes());
        let rows: serde_json::Value = serde_json::from_slice(&rows).unwrap();
        let rows = rows["Items"].as_array().unwrap();
        let mut row = rows
            .iter()
            .find(|row| row["message"]["S"] == first.message.as_str())
            .expect("the row of the first")
            .clone();
        let first_key = row["sk"]["S"].as_str().unwrap().to_owned();
        for mail in mails {
            let at = |ms: i64| format!("{ms:013}");
            let sk = first_key
                .replace(&at(first.arrived_ms), &at(mail.arrived_ms))
                .replace(&first.mail, &mail.mail);
            row["sk"]["S"] = sk.into();
            row["message"]["S"] = mail.message.clone().into();
            row["at_ms"]["N"] = mail.arrived_ms.to_string().into();
            let put = serde_json::json!({"TableName": TABLE, "Item": row}).to_string();
            assert_eq!(self.engine.answer("PutItem", put.as_bytes()).0, 200);
        }
    }

    pub(crate) fn rung(&self) -> Vec<Facts> {
        self.bell.rung.lock().unwrap().iter().map(|(_, facts)| facts.clone()).collect()
    }
}

pub(crate) const POLICY: &str = r#"
[person.hanako]
addresses = ["hanako-7q3k9x2mtf@mail.example.com"]
language = "ja"
sms = true

[person.hanako.service.sbi-sec]
hammered = { count = 1 }
"#;

/// A code mail that has been judged.
pub(crate) fn code(service_key: &str, at_ms: i64, verified: bool, name: &str) -> Judged {
    let verdict = Verdict {
        outcome: Outcome::Code,
        kind: Some(Kind::Login),
        service: hansho::services::by_id(service_key).map(|service| service.id.as_str()),
        service_key: service_key.to_owned(),
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
        message: name.to_owned(),
        from_home: false,
        readings: vec![Reading { person: "hanako".to_owned(), verdict }],
        stranger: None,
    }
}
