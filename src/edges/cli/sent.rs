//! Alerts as they were sent: kept for whoever prints them, in the order in
//! which they went out.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::show;
use crate::message::{Alert, Facts};
use crate::notify::{Notify, NotifyError};

/// An alert as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) facts: Facts,
    pub(super) alert: Alert,
    pub(super) at_ms: i64,
}

impl Sent {
    /// One line of `--json`.
    pub(super) fn as_json(&self) -> Value {
        let facts = &self.facts;
        json!({
            "type": "alert",
            "id": facts.id,
            "alert": facts.alert,
            "phase": facts.phase,
            "person": facts.person,
            "service": crate::services::by_id(&facts.service_key).map(|service| service.id.as_str()),
            "service_key": facts.service_key,
            "count": facts.count,
            "first_at": show::rfc3339(facts.first_ms),
            "last_at": show::rfc3339(facts.last_ms),
            "at": show::rfc3339(self.at_ms),
            "subject": self.alert.subject,
            "sms": self.alert.sms,
            "email": self.alert.email,
        })
    }
}

/// Keeps what is published, with the virtual time.
#[derive(Debug, Clone)]
pub(super) struct Collector {
    pub(super) sent: Arc<Mutex<Vec<Sent>>>,
    pub(super) now_ms: Arc<AtomicI64>,
}

impl Collector {
    pub(super) fn drain(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Notify for Collector {
    async fn publish(&self, facts: &Facts, alert: &Alert) -> Result<(), NotifyError> {
        let sent = Sent {
            facts: facts.clone(),
            alert: alert.clone(),
            at_ms: self.now_ms.load(Ordering::Relaxed),
        };
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        Ok(())
    }
}
