//! Until when a folder has been looked through: one row in the ledger file, so
//! that a restart knows what came meanwhile. It may be too early, never too
//! late: what is looked at twice is counted once.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::ledger::embedded::{Engine, TABLE};

/// Written at most so often, in milliseconds.
const EVERY_MS: i64 = 30_000;

pub(super) struct Mark {
    engine: Engine,
    key: String,
    written_ms: i64,
}

impl Mark {
    /// The mark of a folder.
    pub(super) fn of(engine: &Engine, folder: &Path) -> Self {
        Self { engine: engine.clone(), key: format!("watch#{}", folder.display()), written_ms: 0 }
    }

    /// Everything that was in the folder before this time has been taken in;
    /// `None` if nobody has looked yet.
    pub(super) fn get(&self) -> anyhow::Result<Option<i64>> {
        let answer = self.ask("GetItem", json!({"Key": self.row()}))?;
        Ok(answer
            .pointer("/Item/looked_at_ms/N")
            .and_then(Value::as_str)
            .and_then(|at| at.parse().ok()))
    }

    pub(super) fn set(&mut self, looked_at_ms: i64) -> anyhow::Result<()> {
        if (looked_at_ms - self.written_ms).abs() < EVERY_MS {
            return Ok(());
        }
        let mut item = self.row();
        if let Some(item) = item.as_object_mut() {
            item.insert("looked_at_ms".to_owned(), json!({"N": looked_at_ms.to_string()}));
        }
        self.ask("PutItem", json!({"Item": item}))?;
        self.written_ms = looked_at_ms;
        Ok(())
    }

    fn row(&self) -> Value {
        json!({"pk": {"S": self.key}, "sk": {"S": "mark"}})
    }

    fn ask(&self, operation: &str, mut request: Value) -> anyhow::Result<Value> {
        if let Some(request) = request.as_object_mut() {
            request.insert("TableName".to_owned(), json!(TABLE));
        }
        let (status, answer) = self.engine.answer(operation, request.to_string().as_bytes());
        anyhow::ensure!(status == 200, "the ledger answers {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).context("the ledger's answer cannot be read")
    }
}
