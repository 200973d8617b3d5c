//! One test binary that mirrors the rooms that need more than their own data:
//! the line over the real ledger code, and the commands as a person runs them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

/// The storm spends a fifth of its time on memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod axis;
mod cli;
mod drills;
mod hostile;
mod limits;
mod line;
mod oracle;
mod policy_home;
mod privacy;
mod reliability;
mod storm;
mod timeline;
mod wire;
mod world;
