//! What the room claims, as data.

mod decoding;
