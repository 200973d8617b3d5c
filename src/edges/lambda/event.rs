//! What AWS sends, as JSON, to what is to be done. Only what is needed is read:
//! fields come and go, so unknown ones are passed over, and of a version only
//! that it exists. This file must not know S3 or any client.

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The object that SES writes when a receipt rule is set up.
const SETUP_OBJECT: &str = "AMAZON_SES_SETUP_NOTIFICATION";
/// At most this many objects are taken from one event; AWS sends far fewer.
const OBJECTS_MAX: usize = 10_000;

/// What an invocation asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The schedule: sweep.
    Sweep,
    /// Objects that were created, all of which must be handled.
    Objects(Vec<Object>),
    /// Messages of a queue, each of which is answered for alone.
    Batch(Vec<Message>),
}

/// One message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, by which it is reported as failed.
    pub id: String,
    /// The objects it speaks of, or why it cannot be read.
    pub objects: Result<Vec<Object>, Malformed>,
}

/// An object that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// When it was created, in milliseconds since the epoch.
    pub created_ms: Option<i64>,
}

impl Object {
    /// The last segment of the key: of a mail, the id that SES gave it.
    pub fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

/// An event that is none of those that this function takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event cannot be read: {0}")]
pub struct Malformed(&'static str);

/// Reads an invocation.
///
/// # Errors
/// [`Malformed`] if it is no event of S3, SQS, EventBridge or the schedule.
pub fn read(event: &Value) -> Result<Event, Malformed> {
    if event.get("hansho").and_then(Value::as_str) == Some("sweep")
        || event.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event")
    {
        return Ok(Event::Sweep);
    }
    let queued =
        |record: &Value| record.get("eventSource").and_then(Value::as_str) == Some("aws:sqs");
    match event.get("Records").and_then(Value::as_array) {
        Some(records) if records.iter().any(queued) => {
            Ok(Event::Batch(records.iter().map(message).collect()))
        }
        _ => objects(event).map(Event::Objects),
    }
}

fn message(record: &Value) -> Message {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let body: Result<Value, _> = serde_json::from_str(text("body"));
    let objects = match body {
        Ok(body) => objects(&body),
        Err(_) => Err(Malformed("the body of a message is no JSON")),
    };
    Message { id: text("messageId").to_owned(), objects }
}

/// The objects of an S3 event, of an EventBridge event, or of either inside an
/// SNS message.
fn objects(event: &Value) -> Result<Vec<Object>, Malformed> {
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Vec::new());
    }
    if let Some(text) = event.get("Message").and_then(Value::as_str) {
        let inner: Value = serde_json::from_str(text)
            .map_err(|_| Malformed("the message inside SNS is no JSON"))?;
        // One level is what AWS makes; a second would be somebody's trick.
        if inner.get("Message").is_some() {
            return Err(Malformed("a message of SNS holds another"));
        }
        return objects(&inner);
    }
    if event.get("source").and_then(Value::as_str) == Some("aws.s3") {
        return Ok(from_eventbridge(event)?.into_iter().filter(is_mail).collect());
    }
    let records = event.get("Records").and_then(Value::as_array);
    let records = records
        .ok_or(Malformed("it has no Records and is no event of EventBridge or the schedule"))?;
    if records.len() > OBJECTS_MAX {
        return Err(Malformed("it has too many records"));
    }
    let mut objects = Vec::with_capacity(records.len());
    for record in records {
        objects.extend(from_s3(record)?.filter(is_mail));
    }
    Ok(objects)
}

fn is_mail(object: &Object) -> bool {
    object.name() != SETUP_OBJECT
}

fn from_s3(record: &Value) -> Result<Option<Object>, Malformed> {
    let created = record.get("eventName").and_then(Value::as_str).unwrap_or_default();
    if record.get("s3").is_some() && !created.is_empty() && !created.contains("ObjectCreated") {
        return Ok(None);
    }
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let (bucket, key) = text("/s3/bucket/name")
        .zip(text("/s3/object/key"))
        .ok_or(Malformed("a record names no object of S3"))?;
    Ok(Some(Object {
        bucket: bucket.to_owned(),
        key: decoded(key)?,
        created_ms: text("/eventTime").and_then(milliseconds),
    }))
}

/// EventBridge gives the key as it is, not encoded.
fn from_eventbridge(event: &Value) -> Result<Option<Object>, Malformed> {
    if event.get("detail-type").and_then(Value::as_str) != Some("Object Created") {
        return Ok(None);
    }
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let (bucket, key) = text("/detail/bucket/name")
        .zip(text("/detail/object/key"))
        .ok_or(Malformed("an event names no object of S3"))?;
    Ok(Some(Object {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        created_ms: text("/time").and_then(milliseconds),
    }))
}

/// S3 encodes keys as in a form: `+` for a space. Decoded exactly once.
fn decoded(key: &str) -> Result<String, Malformed> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| Malformed("a key is not UTF-8"))
}

fn milliseconds(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}
