//! How much may be sent: a budget for SMS, which cost money, and caps for what
//! one person gets, so that a flood of mails never becomes a flood of alerts.
//! This file must not know what has been sent already; the ledger counts that.

use serde::Deserialize;

use super::{PolicyError, value};

/// How many SMS a calendar month (UTC) may cost, for all people together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsBudget {
    /// So many in a month; 0 sends none.
    pub per_month: u32,
    /// So many of these are kept for the openings of known, verified services.
    pub reserve: u32,
}

impl SmsBudget {
    /// How many may have been sent in a month when one more is to be sent.
    pub fn limit(&self, may_use_reserve: bool) -> u32 {
        if may_use_reserve { self.per_month } else { self.per_month.saturating_sub(self.reserve) }
    }
}

/// How many alerts one person gets at most. Openings of known, verified services
/// are sent in any case and count towards none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Alerts in a clock hour (UTC).
    pub per_hour: u32,
    /// Alerts in a calendar day (UTC).
    pub per_day: u32,
    /// Relayed forwarding confirmations in a calendar day (UTC).
    pub confirmations_per_day: u32,
}

pub(super) const DEFAULT_SMS: SmsBudget = SmsBudget { per_month: 60, reserve: 20 };
pub(super) const DEFAULT_LIMITS: Limits =
    Limits { per_hour: 10, per_day: 40, confirmations_per_day: 5 };

/// `[sms]` as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct SmsFile {
    per_month: Option<u32>,
    reserve: Option<u32>,
}

impl SmsFile {
    pub(super) fn check(self) -> Result<SmsBudget, PolicyError> {
        let per_month = within("sms.per_month", self.per_month, DEFAULT_SMS.per_month, 0..=1_000)?;
        // By default a third, as in the default budget.
        let reserve = self.reserve.unwrap_or(per_month / 3);
        if reserve > per_month {
            return Err(value("sms.reserve", "it must not be more than sms.per_month"));
        }
        Ok(SmsBudget { per_month, reserve })
    }
}

/// `[limits]` as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsFile {
    per_hour: Option<u32>,
    per_day: Option<u32>,
    confirmations_per_day: Option<u32>,
}

impl LimitsFile {
    pub(super) fn check(self) -> Result<Limits, PolicyError> {
        let default = DEFAULT_LIMITS;
        Ok(Limits {
            per_hour: within("limits.per_hour", self.per_hour, default.per_hour, 1..=200)?,
            per_day: within("limits.per_day", self.per_day, default.per_day, 1..=1_000)?,
            confirmations_per_day: within(
                "limits.confirmations_per_day",
                self.confirmations_per_day,
                default.confirmations_per_day,
                1..=50,
            )?,
        })
    }
}

fn within(
    place: &str,
    written: Option<u32>,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, PolicyError> {
    let chosen = written.unwrap_or(default);
    if range.contains(&chosen) {
        Ok(chosen)
    } else {
        let (least, most) = (range.start(), range.end());
        Err(value(place, format!("it must be between {least} and {most}")))
    }
}
