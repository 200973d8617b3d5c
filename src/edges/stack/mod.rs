//! The commands of a deployed stack: add a person, silence a service, look at
//! the whole, prove it end to end. They work with the credentials of whoever
//! runs them, find everything by the stack's outputs, and change nothing that
//! they do not say. No rule of the product lives here; what these commands
//! write, the function reads like anything else.

use std::future::Future;

use anyhow::Context as _;

mod address;
mod confirm;
mod deployment;
mod doctor;
mod draft;
mod drill;
mod home;
mod mute;
mod receipt;
mod subscribe;

pub use confirm::Confirm;
pub use doctor::Doctor;
pub use drill::Drill;
pub use mute::Mute;
pub use subscribe::Subscribe;

/// Done, and all is well.
const DONE: u8 = 0;
/// Something that was looked at is not well.
const UNWELL: u8 = 1;

/// Runs a command that talks to AWS.
fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the command cannot start")?
        .block_on(work)
}
