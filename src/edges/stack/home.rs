//! The policy's home in the bucket: read it, change it, put it back, so that
//! two who change it at once do not undo each other's work.

use anyhow::{Context as _, bail, ensure};

use super::deployment::{Deployment, said};
use crate::policy::POLICY_BYTES_MAX;

/// Where the function reads it.
pub(super) const POLICY_KEY: &str = "config/policy.toml";
/// So often a change is made anew when somebody else was faster.
const TRIES: u32 = 5;

/// A policy as it stands, and what tells it from the next one.
pub(super) struct Standing {
    pub(super) text: String,
    etag: Option<String>,
}

impl Deployment {
    /// The policy as it stands; `None` if there is none yet.
    pub(super) async fn policy(&self) -> anyhow::Result<Option<Standing>> {
        let bucket = self.output("BucketName")?;
        let asked = self.s3.get_object().bucket(bucket).key(POLICY_KEY).send().await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(error) if status(&error) == Some(404) => return Ok(None),
            Err(error) => return Err(said(error).context("the policy cannot be read")),
        };
        let etag = answer.e_tag().map(str::to_owned);
        let length = answer.content_length().unwrap_or_default();
        ensure!(
            usize::try_from(length).is_ok_and(|length| length <= POLICY_BYTES_MAX),
            "the policy is longer than {POLICY_BYTES_MAX} bytes"
        );
        let bytes = answer.body.collect().await.context("the policy cannot be read")?;
        let text = String::from_utf8(bytes.into_bytes().to_vec());
        Ok(Some(Standing { text: text.context("the policy is not UTF-8")?, etag }))
    }

    /// Changes the policy. Where somebody else was faster, the change is made
    /// again on what they have left. Gives back the text that stands now.
    pub(super) async fn change_policy(
        &self,
        change: impl Fn(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<String> {
        let bucket = self.output("BucketName")?;
        for _ in 0..TRIES {
            let standing = self.policy().await?;
            let before = standing.as_ref().map(|standing| standing.text.as_str());
            let after = change(before.unwrap_or_default())?;
            if before == Some(after.as_str()) {
                return Ok(after);
            }
            let put = self
                .s3
                .put_object()
                .bucket(bucket)
                .key(POLICY_KEY)
                .content_type("application/toml")
                .body(after.clone().into_bytes().into());
            let put = match standing.and_then(|standing| standing.etag) {
                Some(etag) => put.if_match(etag),
                None => put.if_none_match("*"),
            };
            match put.send().await {
                Ok(_) => return Ok(after),
                // 412: it is another one by now; 409: somebody else is writing it.
                Err(error) if matches!(status(&error), Some(409 | 412)) => {}
                Err(error) => return Err(said(error).context("the policy cannot be written")),
            }
        }
        bail!("others keep changing the policy; try again")
    }
}

fn status<E>(error: &aws_sdk_s3::error::SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}
