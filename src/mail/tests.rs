//! What the room claims, as data.

mod authentication;
mod decoding;
mod headers;
mod html;
mod limits;
mod parts;
mod ses;
