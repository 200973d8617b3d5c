//! hansho (半鐘, the fire bell of a Japanese village) watches a copy of your
//! login-code mails and rings when they come in a burst.
//!
//! A code mail that you did not ask for means that somebody has just typed your
//! ID and, at most services, your password. One is an accident; five in ten
//! minutes is a break-in attempt.
//!
//! # The map
//!
//! ```text
//! event ─► fetch ─► parse ─► classify ─► record ─► assess ─► claim ─► alert ─► settle
//! └─ edge ────────┘ └──────────────────── pipeline ─────────────────────────────────┘
//!                                    sweep (every 5 min) ─► claim ─► alert ─► settle
//! ```
//!
//! | room | what it is for | knows |
//! | --- | --- | --- |
//! | [`mail`] | any bytes to a bounded [`mail::Letter`] | nothing else |
//! | [`services`] | what is known of each service, as data | nothing else |
//! | [`classify`] | a letter to a [`classify::Verdict`], with its reasons | `mail`, `services` |
//! | [`burst`] | sightings and a rule to spans, bursts and incidents | `classify` (kinds) |
//! | [`policy`] | who is protected, at which thresholds, in which language | `burst`, `classify` |
//! | [`message`] | the facts of an alert to SMS, e-mail and JSON | `burst`, `services` |
//! | `pipeline` | the line and the sweep: all the branching there is | the rooms above |
//! | `ledger` | sightings, incidents and the outbox as DynamoDB rows | `burst`, `message` |
//! | `notify` | an alert to SNS or to the terminal | `message` |
//! | `edges` | AWS events, mailboxes, the commands | everything |
//!
//! # What always holds
//!
//! * The first six rooms are pure: time and data are arguments, and no mail can
//!   make them fail. A build without features has only them.
//! * The code that a mail carries never leaves [`classify`].
//! * What is counted is rows, so recording a mail twice is the same write.
//! * An alert is stored before it is sent, in the write that claims it.

pub mod burst;
pub mod classify;
#[cfg(any(feature = "lambda", feature = "cli"))]
pub mod edges;
#[cfg(feature = "line")]
pub mod ledger;
pub mod mail;
pub mod message;
#[cfg(feature = "line")]
pub mod notify;
#[cfg(feature = "line")]
pub mod pipeline;
pub mod policy;
pub mod services;
