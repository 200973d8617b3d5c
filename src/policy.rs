//! Who is protected, at which thresholds, in which language: `policy.toml`.
