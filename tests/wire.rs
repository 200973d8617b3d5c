//! The wire between the client and the engine: it remembers every call, and can
//! fail each as a network or a server would. The client, its retries and the
//! engine behind it are the real ones.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::byte_stream::ByteStream;
use hansho::ledger::embedded::{Engine, operation, response};

use crate::storm::scheduler::Clock;

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// It is applied, and the connection breaks before the answer.
    AnswerLost,
    /// The connection breaks before it is applied.
    NeverSent,
    /// The server says 500, and has not applied it.
    ServerError,
    /// The server says 500, and has applied it.
    ServerErrorAfter,
    /// The server wants fewer calls.
    Throttled,
}

/// One call as it passed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) body: String,
}

impl Call {
    /// A write that depends on what stands there: of a docket.
    pub(crate) fn is_conditional(&self) -> bool {
        self.operation == "PutItem" && self.body.contains("ConditionExpression")
    }
}

/// What becomes of one call, and how long it takes there and back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    pub(crate) fate: Fate,
    pub(crate) there_ms: i64,
    pub(crate) back_ms: i64,
}

/// Whoever sits on the wire.
pub(crate) trait Watch: Send {
    /// Says what becomes of a call.
    fn passage(&mut self, call: &Call) -> Passage;
    /// Hears that a call was applied.
    fn applied(&mut self, _: &Call, _status: u16) {}
}

impl<F: FnMut(&Call) -> Fate + Send> Watch for F {
    fn passage(&mut self, call: &Call) -> Passage {
        Passage { fate: self(call), there_ms: 0, back_ms: 0 }
    }
}

/// A connector over the engine.
#[derive(Clone)]
pub(crate) struct Wire {
    engine: Engine,
    clock: Clock,
    calls: Arc<Mutex<Vec<Call>>>,
    watch: Arc<Mutex<dyn Watch>>,
}

impl Wire {
    /// A wire on which `watch` says what becomes of each call.
    pub(crate) fn new(engine: Engine, watch: impl Watch + 'static) -> Self {
        Self::in_time(Clock::starting_at(0), engine, watch)
    }

    /// A wire on which calls take time of that clock.
    pub(crate) fn in_time(clock: Clock, engine: Engine, watch: impl Watch + 'static) -> Self {
        Self { engine, clock, calls: Arc::default(), watch: Arc::new(Mutex::new(watch)) }
    }

    /// The calls so far; forgotten by asking.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            // Read to its end as a connection does: the client watches that, and
            // takes a body that nobody reads for an upload that has stalled.
            let body = ByteStream::new(request.take_body()).collect().await;
            let body = body.map_err(|error| ConnectorError::io(error.into()))?.to_vec();
            let call = Call {
                operation: operation(&request).to_owned(),
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            let Passage { fate, there_ms, back_ms } = wire.watch.lock().unwrap().passage(&call);
            wire.clock.pause(there_ms).await;
            let applied =
                matches!(fate, Fate::Answered | Fate::AnswerLost | Fate::ServerErrorAfter);
            let answer = applied.then(|| wire.engine.answer(&call.operation, &body));
            if let Some((status, _)) = &answer {
                wire.watch.lock().unwrap().applied(&call, *status);
            }
            wire.calls.lock().unwrap().push(call);
            wire.clock.pause(back_ms).await;
            match (fate, answer) {
                (Fate::Answered, Some((status, answer))) => Ok(response(status, answer)),
                (Fate::Throttled, _) => Ok(response(400, refusal("ThrottlingException"))),
                (Fate::AnswerLost | Fate::NeverSent, _) => {
                    Err(ConnectorError::io("the connection was reset".into()))
                }
                _ => Ok(response(500, refusal("InternalServerError"))),
            }
        })
    }
}

fn refusal(code: &str) -> Vec<u8> {
    format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"by the test"}}"#)
        .into_bytes()
}
