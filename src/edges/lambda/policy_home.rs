//! Where the function's policy lies: an object in S3, read with the first event
//! and asked for again at most once a minute. A broken one keeps the last good
//! one, so that a slip of the pen never silences the bell; and because most of
//! a flood meets functions that have only just started, a copy of the last good
//! one lies beside it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use tracing::{error, warn};

use crate::message::Language;
use crate::policy::{POLICY_BYTES_MAX, Policy};

/// The policy is asked for again after so long, in milliseconds.
const RECHECK_MS: i64 = 60_000;
/// As long as none could be read, after so long, in milliseconds: a stack that
/// has just been made gets its first one in a moment.
const RECHECK_UNREAD_MS: i64 = 5_000;

/// What the key of the policy ends with where its last good copy lies.
const LAST_GOOD: &str = ".last-good";

/// The policy and where it comes from.
#[derive(Debug)]
pub struct PolicyHome {
    place: Option<(String, String)>,
    known: Mutex<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    policy: Arc<Policy>,
    /// It was read, from its home or from the copy: it is not the defaults.
    is_read: bool,
    etag: Option<String>,
    asked_at_ms: Option<i64>,
    /// Its text, until a copy of it has been kept.
    to_keep: Option<String>,
}

/// The policy to go by now.
#[derive(Debug, Clone)]
pub struct Current {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Another one lies there and could not be used, or the one that lay there
    /// is gone.
    pub broken: bool,
}

/// S3 did not answer or refused, and no policy has been read yet: whose a mail
/// is cannot be said. It may give it the next time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy could not be fetched ({0})")]
pub struct PolicyUnread(String);

/// A policy as it was read.
struct Found {
    policy: Policy,
    etag: Option<String>,
    text: String,
}

/// Why there is no new one.
enum Lack {
    /// It has not changed.
    Unchanged,
    /// There is none.
    Missing,
    /// What lies there cannot be used.
    Broken(String),
    /// S3 refused or did not answer: it may be there the next time.
    Unanswered(String),
}

impl PolicyHome {
    /// The policy at `s3://bucket/key`, or, without a place, one person with
    /// the defaults.
    pub fn new(place: Option<(String, String)>) -> Self {
        let policy = Arc::new(Policy::one_person(Language::default()));
        let known = Known { policy, is_read: false, etag: None, asked_at_ms: None, to_keep: None };
        Self { place, known: Mutex::new(known) }
    }

    /// The policy to go by now; reads it again if it is time.
    ///
    /// # Errors
    /// [`PolicyUnread`] if there is none to go by yet.
    pub async fn current(&self, client: &Client, now_ms: i64) -> Result<Current, PolicyUnread> {
        let known = self.lock().clone();
        let recheck_ms = if known.is_read { RECHECK_MS } else { RECHECK_UNREAD_MS };
        let fresh = known.asked_at_ms.is_some_and(|asked| now_ms - asked < recheck_ms);
        let Some((bucket, key)) = self.place.as_ref().filter(|_| !fresh) else {
            return Ok(Current { policy: known.policy, broken: false });
        };
        let mut read = read(client, bucket, key, known.etag.as_deref()).await;
        let mut broken = match &read {
            Ok(_) | Err(Lack::Unchanged) => false,
            // None is no fault as long as there never was one.
            Err(Lack::Missing) => known.is_read,
            Err(Lack::Broken(problem) | Lack::Unanswered(problem)) => {
                error!(
                    policy.error = problem,
                    "the policy cannot be used, the last good one stays: {problem}"
                );
                true
            }
        };
        let is_lacking = matches!(read, Err(Lack::Missing | Lack::Broken(_) | Lack::Unanswered(_)));
        if is_lacking && !known.is_read {
            match self::read(client, bucket, &format!("{key}{LAST_GOOD}"), None).await {
                // Its home is asked again in a minute, whatever its etag.
                Ok(copy) => {
                    read = Ok(Found { etag: None, ..copy });
                    broken = true;
                }
                Err(Lack::Unanswered(problem)) => return Err(PolicyUnread(problem)),
                Err(_) => {
                    if let Err(Lack::Unanswered(problem)) = read {
                        return Err(PolicyUnread(problem));
                    }
                    warn!("there is no policy, everything is for one person with the defaults");
                }
            }
        }
        let mut known = self.lock();
        known.asked_at_ms = Some(now_ms);
        if let Ok(found) = read {
            known.policy = Arc::new(found.policy);
            known.is_read = true;
            known.etag = found.etag;
            known.to_keep = (!broken).then_some(found.text);
        }
        Ok(Current { policy: Arc::clone(&known.policy), broken })
    }

    /// Keeps a copy of the policy that was read last, if that has not been done.
    pub async fn keep(&self, client: &Client) {
        let Some((bucket, key)) = &self.place else { return };
        let Some(text) = self.lock().to_keep.clone() else { return };
        let put = client.put_object().bucket(bucket).key(format!("{key}{LAST_GOOD}"));
        match put.body(text.clone().into_bytes().into()).send().await {
            Ok(_) => {
                let mut known = self.lock();
                if known.to_keep == Some(text) {
                    known.to_keep = None;
                }
            }
            Err(error) => {
                let status = error.raw_response().map(|response| response.status().as_u16());
                warn!(s3.status = status, "no copy of the policy could be kept");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The policy under a key, unless it is the one that `etag` stands for.
async fn read(client: &Client, bucket: &str, key: &str, etag: Option<&str>) -> Result<Found, Lack> {
    let asked = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .set_if_none_match(etag.map(str::to_owned))
        .send()
        .await;
    let answer = asked.map_err(|error| {
        match error.raw_response().map(|response| response.status().as_u16()) {
            Some(304) => Lack::Unchanged,
            Some(404) => Lack::Missing,
            // A throttle of its key, an expired token or a slow request are refusals, too.
            Some(status) => Lack::Unanswered(format!("S3 answered {status}")),
            None => Lack::Unanswered("S3 did not answer".to_owned()),
        }
    })?;
    let etag = answer.e_tag.clone();
    if answer
        .content_length
        .is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > POLICY_BYTES_MAX))
    {
        return Err(Lack::Broken(format!("it is longer than {POLICY_BYTES_MAX} bytes")));
    }
    let bytes = answer.body.collect().await;
    let bytes = bytes.map_err(|_| Lack::Unanswered("S3 broke off".to_owned()))?.into_bytes();
    let text = String::from_utf8(bytes.to_vec())
        .map_err(|_| Lack::Broken("it is not UTF-8".to_owned()))?;
    // The message of a syntax error quotes the line, and a line may hold an address.
    let policy = Policy::read(&text).map_err(|error| Lack::Broken(error.for_a_log()))?;
    Ok(Found { policy, etag, text })
}
