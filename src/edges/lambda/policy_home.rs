//! Where the function's policy lies: an object in S3, read with the first event
//! and asked for again at most once a minute. A broken one keeps the last good
//! one, so that a slip of the pen never silences the bell.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use tracing::{error, warn};

use crate::message::Language;
use crate::policy::{POLICY_BYTES_MAX, Policy};

/// The policy is asked for again after so long, in milliseconds.
const RECHECK_MS: i64 = 60_000;

/// The policy and where it comes from.
#[derive(Debug)]
pub struct PolicyHome {
    place: Option<(String, String)>,
    known: Mutex<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    policy: Arc<Policy>,
    etag: Option<String>,
    asked_at_ms: Option<i64>,
}

/// The policy to go by now.
#[derive(Debug, Clone)]
pub struct Current {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Another one lies there and could not be used.
    pub broken: bool,
}

impl PolicyHome {
    /// The policy at `s3://bucket/key`, or, without a place, one person with
    /// the defaults.
    pub fn new(place: Option<(String, String)>) -> Self {
        let policy = Arc::new(Policy::one_person(Language::default()));
        Self { place, known: Mutex::new(Known { policy, etag: None, asked_at_ms: None }) }
    }

    /// The policy to go by now; reads it again if it is time.
    pub async fn current(&self, client: &Client, now_ms: i64) -> Current {
        let known = self.lock().clone();
        let fresh = known.asked_at_ms.is_some_and(|asked| now_ms - asked < RECHECK_MS);
        let Some((bucket, key)) = self.place.as_ref().filter(|_| !fresh) else {
            return Current { policy: known.policy, broken: false };
        };
        let read = self.read(client, bucket, key, known.etag.as_deref()).await;
        let mut known = self.lock();
        known.asked_at_ms = Some(now_ms);
        let broken = match read {
            Ok(Some((policy, etag))) => {
                known.policy = Arc::new(policy);
                known.etag = etag;
                false
            }
            Ok(None) => false,
            Err(problem) => {
                error!(
                    policy.error = problem,
                    "the policy cannot be used, the last good one stays: {problem}"
                );
                true
            }
        };
        Current { policy: Arc::clone(&known.policy), broken }
    }

    /// The policy, or nothing if it has not changed.
    async fn read(
        &self,
        client: &Client,
        bucket: &str,
        key: &str,
        etag: Option<&str>,
    ) -> Result<Option<(Policy, Option<String>)>, String> {
        let asked = client
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_if_none_match(etag.map(str::to_owned))
            .send()
            .await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(error) => {
                let status = error.raw_response().map(|response| response.status().as_u16());
                return match status {
                    Some(304) => Ok(None),
                    Some(404) => {
                        warn!("there is no policy, everything is for one person with the defaults");
                        Ok(None)
                    }
                    Some(status) => Err(format!("S3 answered {status}")),
                    None => Err("S3 did not answer".to_owned()),
                };
            }
        };
        let etag = answer.e_tag.clone();
        if answer.content_length.is_some_and(|length| {
            usize::try_from(length).is_ok_and(|length| length > POLICY_BYTES_MAX)
        }) {
            return Err(format!("it is longer than {POLICY_BYTES_MAX} bytes"));
        }
        let bytes =
            answer.body.collect().await.map_err(|_| "S3 broke off".to_owned())?.into_bytes();
        let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        // The message of a syntax error quotes the line, and a line may hold an address.
        let policy = Policy::read(text).map_err(|error| error.for_a_log())?;
        Ok(Some((policy, etag)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
