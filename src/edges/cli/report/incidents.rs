//! Each incident, with what would have been sent: the SMS as on a phone, the
//! e-mail as it reads.

use maud::{Markup, html};

use super::Story;
use crate::edges::cli::sent::Sent;
use crate::edges::cli::show::by_step;
use crate::message::sms;

/// A report shows at most so many incidents in full.
const INCIDENTS_MAX: usize = 100;
/// The picture of an incident has at most so many bars.
const BARS_MAX: usize = 60;

/// Every incident in the order in which the bell first rang.
pub(super) fn all(story: &Story) -> Markup {
    let words = story.words();
    let mut incidents: Vec<(&str, Vec<&Sent>)> = Vec::new();
    for sent in story.sent {
        match incidents.iter_mut().find(|(id, _)| *id == sent.facts.incident) {
            Some((_, alerts)) => alerts.push(sent),
            None => incidents.push((&sent.facts.incident, vec![sent])),
        }
    }
    html! {
        @if incidents.is_empty() { p { (words.no_incidents) } }
        @for (_, alerts) in incidents.iter().take(INCIDENTS_MAX) { (incident(story, alerts)) }
        @if incidents.len() > INCIDENTS_MAX {
            p.note { (words.incidents_cut.replace("{n}", &(incidents.len() - INCIDENTS_MAX).to_string())) }
        }
    }
}

fn incident(story: &Story, alerts: &[&Sent]) -> Markup {
    let words = story.words();
    let Some(last) = alerts.last() else { return html! {} };
    let facts = &last.facts;
    let mails = story.sightings.arrivals_ms(
        &facts.person,
        &facts.service_key,
        facts.first_ms,
        facts.last_ms,
    );
    html! {
        article.incident {
            h3 { bdi { (story.name(&facts.service_key)) } " — " (words.alert(facts.alert)) }
            p {
                strong data-count=(facts.count) { (facts.count) } " " (words.unit(facts.alert)) " · "
                (story.time(facts.first_ms)) " – " (story.time(facts.last_ms))
                @if story.policy.people.len() > 1 { " · " (words.person) " " (facts.person) }
            }
            (bars(story, &mails))
            ol.alerts { @for sent in alerts { li { (alert(story, sent)) } } }
        }
    }
}

fn bars(story: &Story, arrivals_ms: &[i64]) -> Markup {
    let words = story.words();
    let (Some(&first_ms), Some(&last_ms)) = (arrivals_ms.first(), arrivals_ms.last()) else {
        return html! {};
    };
    let (step_ms, counts) = by_step(first_ms, last_ms, arrivals_ms, BARS_MAX);
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let width = counts.len() * 12;
    let said = words
        .bars_description
        .replace("{n}", &arrivals_ms.len().to_string())
        .replace("{most}", &most.to_string())
        .replace("{minutes}", &(step_ms / 60_000).to_string());
    html! {
        figure.bars-figure {
            svg.bars role="img" aria-label=(said) viewBox=(format!("0 0 {width} 60")) style=(format!("width:{}px", width * 2)) {
                @for (place, count) in counts.iter().enumerate() {
                    @let height = *count as f64 / most as f64 * 56.0;
                    rect.bar x=(place * 12 + 1) y=(format!("{:.1}", 60.0 - height)) width="10" height=(format!("{height:.1}")) {}
                }
            }
            figcaption { (said) }
        }
    }
}

fn alert(story: &Story, sent: &Sent) -> Markup {
    let words = story.words();
    html! {
        p.when { time datetime=(crate::edges::cli::show::rfc3339(sent.at_ms)) { (story.time(sent.at_ms)) } " " span.phase { (words.phase(sent.facts.phase)) } }
        @if let Some(text) = &sent.alert.sms {
            @let segments = sms::segments(text);
            div.phone {
                p.caption { "SMS" }
                p.bubble { (text) }
                p.caption { (words.segments.replace("{units}", &segments.units.to_string()).replace("{parts}", &segments.parts.to_string())) }
            }
        }
        details.mail {
            summary { (words.email) ": " (sent.alert.subject) }
            pre { (sent.alert.email) }
        }
    }
}
