//! A bell that counts what it rings: which kinds of alert, and how long after
//! the mail that caused it.

use super::metrics;
use crate::burst::Phase;
use crate::edges::clock_ms;
use crate::message::{Alert, Facts};
use crate::notify::{Notify, NotifyError};

/// Counts what another bell has taken.
#[derive(Debug, Clone)]
pub struct Counted<N>(pub N);

impl<N: Notify + Sync> Notify for Counted<N> {
    async fn publish(&self, facts: &Facts, alert: &Alert) -> Result<(), NotifyError> {
        self.0.publish(facts, alert).await?;
        for line in lines(facts, alert, clock_ms()) {
            metrics::emit(&line);
        }
        Ok(())
    }
}

/// The metrics of one alert. A drill counts nowhere, and a closing has nothing
/// that it could be late for.
fn lines(facts: &Facts, alert: &Alert, now_ms: i64) -> Vec<String> {
    if alert.json.get("drill").and_then(serde_json::Value::as_bool) == Some(true) {
        return Vec::new();
    }
    let kind = Some(("alert", facts.alert.as_str()));
    let mut lines = vec![metrics::line(now_ms, "Alerts", "Count", 1, kind)];
    if matches!(facts.phase, Phase::Opened | Phase::Escalated | Phase::Once) {
        let late_ms = now_ms.saturating_sub(facts.last_ms).max(0);
        lines.push(metrics::line(now_ms, "ArrivalToPublishMs", "Milliseconds", late_ms, None));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burst::AlertKind;
    use crate::classify::Kind;
    use crate::message::{Audience, Language, as_drill, compose};
    use serde_json::Value;

    fn facts(phase: Phase) -> Facts {
        Facts {
            id: "a1.opened".into(),
            incident: "a1".into(),
            alert: AlertKind::Hammered,
            phase,
            person: "hanako".into(),
            service_key: "rakuten-sec".into(),
            kind: Kind::Login,
            count: 5,
            at_least: false,
            verified: 5,
            since_last: 5,
            peak: 5,
            window_ms: 600_000,
            first_ms: 1_795_284_000_000,
            last_ms: 1_795_284_010_000,
            services: Vec::new(),
            link: None,
            mailbox: None,
            held_back: 0,
            muted: 0,
        }
    }

    fn of(phase: Phase) -> (Facts, Alert) {
        let facts = facts(phase);
        let audience = Audience { language: Language::Ja, time_zone: "Asia/Tokyo".into() };
        let alert = compose(&facts, &audience, facts.last_ms);
        (facts, alert)
    }

    #[test]
    fn an_alert_is_counted_by_kind_and_by_how_late_it_is_and_names_nobody() {
        let (facts, alert) = of(Phase::Opened);
        let lines = lines(&facts, &alert, facts.last_ms + 2_500);
        let read: Vec<Value> = lines.iter().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(read[0]["Alerts"], 1);
        assert_eq!(read[0]["alert"], "hammered");
        assert_eq!(read[1]["ArrivalToPublishMs"], 2_500);
        assert_eq!(read[1]["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"], "Milliseconds");
        assert!(lines.iter().all(|line| !line.contains("hanako")));
    }

    #[test]
    fn a_closing_is_not_late_and_a_drill_counts_nowhere() {
        let (facts, alert) = of(Phase::Closed);
        assert_eq!(lines(&facts, &alert, facts.last_ms + 1).len(), 1);
        let (facts, alert) = of(Phase::Opened);
        let drill = as_drill(alert, Language::Ja);
        assert_eq!(lines(&facts, &drill, facts.last_ms + 1), Vec::<String>::new());
    }
}
