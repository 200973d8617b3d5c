//! What happened in a world, in order, as seen from outside: at the wire and at
//! the bell. The wire and the bell fail here, as the weather has it.

use std::sync::{Arc, Mutex};

use hansho::ledger::Docket;
use hansho::message::{Alert, Facts};
use hansho::notify::{Notify, NotifyError};
use serde_json::Value;

use super::scenario::Weather;
use super::scheduler::{Clock, current_task};
use crate::wire::{Call, Fate, Passage, Watch};

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// The row of a mail was written.
    Recorded { mail: String },
    /// A docket was written.
    Written { task: u64, docket_key: String, docket: Docket },
    /// A call of this task failed.
    CallFailed { task: u64 },
    /// The bell took an alert, whatever it told the caller.
    Rung { task: u64, facts: Facts },
    /// The bell told the caller that it had not taken it.
    Refused { task: u64 },
    /// A task ended before its end.
    Killed { task: u64 },
}

/// The events of a world, and the faults in it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// With the virtual time of each.
    pub(crate) events: Vec<(i64, Event)>,
    pub(crate) faults: u64,
}

pub(crate) type Shared = Arc<Mutex<Record>>;

/// Sits on the wire.
pub(crate) struct Storm {
    pub(crate) clock: Clock,
    pub(crate) random: fastrand::Rng,
    pub(crate) weather: Weather,
    pub(crate) calm: Arc<std::sync::atomic::AtomicBool>,
    pub(crate) record: Shared,
}

impl Storm {
    fn is_calm(&self) -> bool {
        self.calm.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Watch for Storm {
    fn passage(&mut self, _: &Call) -> Passage {
        let mut passage = Passage { fate: Fate::Answered, there_ms: 0, back_ms: 0 };
        if self.is_calm() {
            return passage;
        }
        if self.random.u32(0..4) == 0 {
            passage.there_ms = self.random.i64(0..60);
            passage.back_ms = self.random.i64(0..60);
        }
        let slow = self.random.u32(0..1000) < self.weather.calls_slow;
        if slow {
            let ms = self.random.i64(1000..20_000);
            *(if self.random.bool() { &mut passage.there_ms } else { &mut passage.back_ms }) = ms;
        }
        let failing = self.random.u32(0..1000) < self.weather.calls_failing;
        if failing {
            passage.fate = match self.random.u32(0..10) {
                0..4 => Fate::AnswerLost,
                4 => Fate::ServerErrorAfter,
                5..7 => Fate::ServerError,
                7..9 => Fate::Throttled,
                _ => Fate::NeverSent,
            };
        }
        if slow || failing {
            let mut record = self.record.lock().unwrap();
            record.faults += 1;
            record.events.push((self.clock.now_ms(), Event::CallFailed { task: current_task() }));
        }
        passage
    }

    fn applied(&mut self, call: &Call, status: u16) {
        if status != 200 || !matches!(call.operation.as_str(), "PutItem" | "UpdateItem") {
            return;
        }
        let body: Value = serde_json::from_str(&call.body).unwrap();
        let item = body.get("Item").or_else(|| body.get("Key")).unwrap();
        let sort_key = item["sk"]["S"].as_str().unwrap_or_default();
        let event = if let Some(mail) = sort_key.strip_prefix("mail#") {
            Event::Recorded { mail: mail.split('#').nth(1).unwrap_or_default().to_owned() }
        } else if call.is_conditional() {
            let row: serde_dynamo::Item = serde_json::from_value(item.clone()).unwrap();
            Event::Written {
                task: current_task(),
                docket_key: item["pk"]["S"].as_str().unwrap_or_default().to_owned(),
                docket: serde_dynamo::from_item(row).unwrap(),
            }
        } else {
            return;
        };
        self.record.lock().unwrap().events.push((self.clock.now_ms(), event));
    }
}

/// A bell in the same weather.
pub(crate) struct Bell {
    pub(crate) clock: Clock,
    pub(crate) random: Mutex<fastrand::Rng>,
    pub(crate) weather: Weather,
    pub(crate) calm: Arc<std::sync::atomic::AtomicBool>,
    pub(crate) record: Shared,
}

impl Notify for Bell {
    async fn publish(&self, facts: &Facts, _: &Alert) -> Result<(), NotifyError> {
        let calm = self.calm.load(std::sync::atomic::Ordering::Relaxed);
        let (there_ms, back_ms, fails, before) = {
            let mut random = self.random.lock().unwrap();
            let fails = random.u32(0..1000) < self.weather.publishes_failing && !calm;
            (random.i64(0..80), random.i64(0..80), fails, random.bool())
        };
        self.clock.pause(there_ms).await;
        let now_ms = self.clock.now_ms();
        let outage = !calm && (self.weather.outage.0..self.weather.outage.1).contains(&now_ms);
        let taken = !(outage || fails && before);
        {
            let mut record = self.record.lock().unwrap();
            let task = current_task();
            if taken {
                record.events.push((now_ms, Event::Rung { task, facts: facts.clone() }));
            }
            if outage || fails {
                record.faults += 1;
                record.events.push((now_ms, Event::Refused { task }));
            }
        }
        self.clock.pause(back_ms).await;
        if outage || fails {
            return Err(NotifyError::Transient("by the storm".to_owned()));
        }
        Ok(())
    }
}
