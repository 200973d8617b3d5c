//! One test binary that mirrors the rooms that need more than their own data:
//! the line over the real ledger code, and the commands as a person runs them.

mod hostile;
mod line;
mod privacy;
mod storm;
mod timeline;
mod wire;
mod world;
