//! Where the line meets the world: AWS events, mailboxes, commands. The edges
//! read the clock and the environment, turn errors into answers, and log each
//! failure once. No rule of the product lives here.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(feature = "cli")]
pub mod mailbox;
#[cfg(feature = "stack")]
pub mod stack;
#[cfg(any(feature = "lambda", feature = "stack"))]
pub mod subscriptions;

/// The clock, in milliseconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "an edge is where the clock is read")]
pub fn clock_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
