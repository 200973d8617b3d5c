//! What the room claims, as data.

mod authentication;
mod decoding;
mod headers;
mod ses;
