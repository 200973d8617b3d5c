//! DynamoDB inside the process: the AWS client's own requests, answered by an
//! engine over SQLite, in memory or in a file, without a socket. So whatever
//! runs without AWS runs the very expressions that run in production. This file
//! must not know what the rows mean.

use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The table that the engine holds.
pub const TABLE: &str = "hansho";

/// Why the engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file is not a ledger, or cannot be written.
    #[error("the ledger {place} cannot be opened: {reason}")]
    Open {
        /// The path, or `in memory`.
        place: String,
        /// What the engine says.
        reason: String,
    },
}

/// A DynamoDB engine with the ledger's table in it.
#[derive(Clone)]
pub struct Engine {
    database: Database,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// An engine that forgets everything when it is dropped.
    ///
    /// # Errors
    /// [`EngineError`] if the table could not be made.
    pub fn in_memory() -> Result<Self, EngineError> {
        Self::with_table(Database::memory(), "in memory")
    }

    /// An engine over a file, which is made if it does not exist.
    ///
    /// # Errors
    /// [`EngineError`] if the file is something else or cannot be written.
    pub fn in_file(path: &Path) -> Result<Self, EngineError> {
        let place = path.display().to_string();
        Self::with_table(Database::new(&path.to_string_lossy()), &place)
    }

    fn with_table(
        database: Result<Database, DynoxideError>,
        place: &str,
    ) -> Result<Self, EngineError> {
        let opening = |reason: String| EngineError::Open { place: place.to_owned(), reason };
        let engine = Self { database: database.map_err(|error| opening(error.to_string()))? };
        let (status, answer) = engine.answer("CreateTable", TABLE_DEFINITION.as_bytes());
        let answer = String::from_utf8_lossy(&answer);
        if status == 200 || answer.contains("ResourceInUseException") {
            Ok(engine)
        } else {
            Err(opening(answer.into_owned()))
        }
    }

    /// Answers one request of the DynamoDB protocol: status and JSON.
    pub fn answer(&self, operation: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let database = &self.database;
        match operation {
            "PutItem" => run(body, |request| database.put_item(request)),
            "GetItem" => run(body, |request| database.get_item(request)),
            "UpdateItem" => run(body, |request| database.update_item(request)),
            "DeleteItem" => run(body, |request| database.delete_item(request)),
            "Query" => run(body, |request| database.query(request)),
            "Scan" => run(body, |request| database.scan(request)),
            "CreateTable" => run(body, |request| database.create_table(request)),
            _ => refused(&DynoxideError::ValidationException(format!(
                "{operation} is not needed here"
            ))),
        }
    }

    /// The AWS client over this engine.
    pub fn client(&self) -> Client {
        client_over(Connector { engine: self.clone() }, RetryConfig::disabled())
    }
}

/// The AWS client over any connector that answers for DynamoDB.
pub fn client_over(connector: impl HttpConnector + 'static, retries: RetryConfig) -> Client {
    let connector = SharedHttpConnector::new(connector);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("local"))
        // Nobody looks at a signature, and making one is a good part of a call.
        .allow_no_auth()
        .retry_config(retries)
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Client::from_conf(config)
}

/// The same table as in `infra/template.yaml`.
const TABLE_DEFINITION: &str = r#"{
  "TableName": "hansho",
  "BillingMode": "PAY_PER_REQUEST",
  "KeySchema": [
    {"AttributeName": "pk", "KeyType": "HASH"},
    {"AttributeName": "sk", "KeyType": "RANGE"}
  ],
  "AttributeDefinitions": [
    {"AttributeName": "pk", "AttributeType": "S"},
    {"AttributeName": "sk", "AttributeType": "S"},
    {"AttributeName": "due_pk", "AttributeType": "S"},
    {"AttributeName": "due_at_ms", "AttributeType": "N"}
  ],
  "GlobalSecondaryIndexes": [{
    "IndexName": "due",
    "KeySchema": [
      {"AttributeName": "due_pk", "KeyType": "HASH"},
      {"AttributeName": "due_at_ms", "KeyType": "RANGE"}
    ],
    "Projection": {"ProjectionType": "KEYS_ONLY"}
  }]
}"#;

fn run<Request: DeserializeOwned, Answer: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> Result<Answer, DynoxideError>,
) -> (u16, Vec<u8>) {
    let request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return refused(&DynoxideError::SerializationException(error.to_string())),
    };
    match operation(request) {
        Ok(answer) => match serde_json::to_vec(&answer) {
            Ok(bytes) => (200, bytes),
            Err(error) => refused(&DynoxideError::InternalServerError(error.to_string())),
        },
        Err(error) => refused(&error),
    }
}

fn refused(error: &DynoxideError) -> (u16, Vec<u8>) {
    (error.status_code(), error.to_json().into_bytes())
}

/// Hands the client's requests to the engine.
#[derive(Debug, Clone)]
struct Connector {
    engine: Engine,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.engine.clone();
        HttpConnectorFuture::new(async move {
            // A real connection gives way to others here; without it, what runs
            // side by side would never interleave.
            tokio::task::yield_now().await;
            let (status, answer) =
                engine.answer(operation(&request), request.body().bytes().unwrap_or_default());
            tokio::task::yield_now().await;
            Ok(response(status, answer))
        })
    }
}

/// The operation that a request of the DynamoDB protocol names.
pub fn operation(request: &HttpRequest) -> &str {
    request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.rsplit('.').next())
        .unwrap_or_default()
}

/// An answer of the DynamoDB protocol.
pub fn response(status: u16, body: Vec<u8>) -> HttpResponse {
    let mut response =
        HttpResponse::new(http::StatusCode::INTERNAL_SERVER_ERROR.into(), SdkBody::from(body));
    if let Ok(status) = StatusCode::try_from(status) {
        *response.status_mut() = status;
    }
    response
}
