//! What the benchmarks share: the mails they measure with, and mail-parser
//! doing the work that hansho's is compared with.

#![expect(clippy::missing_panics_doc, reason = "a benchmark stops where it cannot go on")]

use std::path::PathBuf;

pub mod letters;
pub mod rival;

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
