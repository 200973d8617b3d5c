//! An alert to whoever is to read it: published to SNS, or handed to a printer.
//! This room must not know why it rings; it gets an [`Alert`] and says whether
//! it has been taken.

use std::future::Future;

use crate::message::{Alert, Facts};

#[cfg(feature = "lambda")]
mod sns;
#[cfg(feature = "lambda")]
pub use sns::Topic;

/// Why an alert was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// It may work the next time: throttling, a time-out, a failing server.
    #[error("the alert could not be published ({0})")]
    Transient(String),
    /// It will not work until somebody mends something: no topic, no permission.
    #[error("the alert was refused ({0})")]
    Permanent(String),
}

/// Where alerts go.
pub trait Notify {
    /// Hands over one alert. When this returns `Ok`, it has been taken, and
    /// `Err` does not mean that it has not.
    fn publish(
        &self,
        facts: &Facts,
        alert: &Alert,
    ) -> impl Future<Output = Result<(), NotifyError>> + Send;
}
