//! The timeline as a picture: one row a service, one circle for the mails of a
//! step of time, a diamond and a band where a bell rang. Shape and place say
//! all that colour says, and a table behind the picture holds the numbers.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use maud::{Markup, html};

use super::Story;
use crate::burst::Phase;
use crate::edges::cli::seen::ServiceRow;
use crate::edges::cli::show::{by_step, local};

/// More services than this share the last row.
const ROWS_MAX: usize = 14;
/// The picture has so many steps of time.
const STEPS: usize = 120;
/// The table behind it has at most so many rows.
const TABLE_ROWS_MAX: usize = 1000;

const WIDTH: f64 = 960.0;
const LABEL: f64 = 190.0;
const ROW: f64 = 34.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 20.0;

/// The timeline of the code mails.
pub(super) fn timeline(story: &Story, services: &[ServiceRow]) -> Markup {
    let words = story.words();
    let (Some(first_ms), Some(last_ms)) = (
        services.iter().map(|service| service.first_ms).min(),
        services.iter().map(|service| service.last_ms).max(),
    ) else {
        return html! { p { (words.no_codes) } };
    };
    let axis = Axis { first_ms, span_ms: (last_ms - first_ms).max(60_000) };
    let rows = rows(story, services);
    let height = TOP + ROW * rows.len() as f64 + 34.0;
    let description = words
        .timeline_description
        .replace("{codes}", &story.summary.codes.to_string())
        .replace("{services}", &services.len().to_string())
        .replace("{first}", &story.time(first_ms))
        .replace("{last}", &story.time(last_ms))
        .replace("{incidents}", &story.summary.incidents.to_string());
    html! {
        figure {
            div.scroll tabindex="0" role="group" aria-label=(words.timeline) {
                svg.timeline role="img" aria-labelledby="timeline-title timeline-desc"
                    viewBox=(format!("0 0 {WIDTH} {height:.0}")) {
                    title id="timeline-title" { (words.timeline) }
                    desc id="timeline-desc" { (description) }
                    @for (place, row) in rows.iter().enumerate() {
                        (row_of(story, &axis, first_ms, last_ms, row, TOP + ROW * (place as f64 + 0.5)))
                    }
                    (ticks(story, &axis, height))
                }
            }
            figcaption {
                span.key { svg.mark viewBox="0 0 14 14" aria-hidden="true" { circle.mail cx="7" cy="7" r="5" {} } " " (words.key_mail) }
                " "
                span.key { svg.mark viewBox="0 0 14 14" aria-hidden="true" { path.burst d="M7 0 14 7 7 14 0 7Z" {} } " " (words.key_burst) }
            }
        }
        details {
            summary { (words.timeline_table) }
            (table(story))
        }
    }
}

struct Axis {
    first_ms: i64,
    span_ms: i64,
}

impl Axis {
    fn x(&self, at_ms: i64) -> f64 {
        let part = at_ms.saturating_sub(self.first_ms) as f64 / self.span_ms as f64;
        LABEL + 10.0 + part.clamp(0.0, 1.0) * (WIDTH - LABEL - RIGHT - 10.0)
    }
}

struct Row {
    name: String,
    keys: Vec<String>,
    times_ms: Vec<i64>,
}

fn rows(story: &Story, services: &[ServiceRow]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for service in services {
        let mut times_ms: Vec<i64> = story
            .sightings
            .series
            .iter()
            .filter(|((_, key, _), _)| *key == service.key)
            .flat_map(|(_, seen)| seen.iter().map(|one| one.at_ms))
            .collect();
        if rows.len() < ROWS_MAX {
            times_ms.sort_unstable();
            rows.push(Row {
                name: story.name(&service.key),
                keys: vec![service.key.clone()],
                times_ms,
            });
        } else if let Some(last) = rows.last_mut() {
            story.words().other_services.clone_into(&mut last.name);
            last.keys.push(service.key.clone());
            last.times_ms.append(&mut times_ms);
        }
    }
    rows
}

fn row_of(story: &Story, axis: &Axis, first_ms: i64, last_ms: i64, row: &Row, y: f64) -> Markup {
    let (step_ms, counts) = by_step(first_ms, last_ms, &row.times_ms, STEPS);
    let from_ms = first_ms.div_euclid(60_000) * 60_000;
    let bursts: Vec<_> = story
        .sent
        .iter()
        .filter(|sent| sent.facts.phase == Phase::Opened)
        .filter(|sent| row.keys.contains(&sent.facts.service_key))
        .map(|sent| {
            extent(story, &sent.facts.incident).unwrap_or((sent.facts.first_ms, sent.facts.last_ms))
        })
        .collect();
    html! {
        text.label x=(LABEL) y=(format!("{:.1}", y + 4.0)) text-anchor="end" { (short(&row.name)) }
        line.rule x1=(LABEL + 10.0) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
        @for (burst_first_ms, burst_last_ms) in &bursts {
            @let (from, to) = (axis.x(*burst_first_ms), axis.x(*burst_last_ms));
            rect.band x=(format!("{:.1}", from - 4.0)) y=(y - ROW / 2.0 + 2.0) width=(format!("{:.1}", to - from + 8.0)) height=(ROW - 4.0) {}
        }
        @for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            @let at_ms = from_ms.saturating_add(step_ms.saturating_mul(i64::try_from(place).unwrap_or_default())).saturating_add(step_ms / 2);
            circle.mail cx=(format!("{:.1}", axis.x(at_ms))) cy=(y) r=(format!("{:.1}", radius(*count))) {}
        }
        @for (burst_first_ms, _) in &bursts {
            @let x = axis.x(*burst_first_ms);
            path.burst d=(format!("M{:.1} {:.1}l6 6l-6 6l-6 -6Z", x, y - ROW / 2.0 + 1.0)) {}
        }
    }
}

/// The first and last mail of an incident, as its last alert knows them.
fn extent(story: &Story, incident: &str) -> Option<(i64, i64)> {
    let alerts = || story.sent.iter().filter(|sent| sent.facts.incident == incident);
    Some((
        alerts().map(|sent| sent.facts.first_ms).min()?,
        alerts().map(|sent| sent.facts.last_ms).max()?,
    ))
}

/// The area grows with the count, up to where circles would run together.
fn radius(count: usize) -> f64 {
    (2.5 * (count as f64).sqrt()).clamp(3.0, 13.0)
}

fn short(name: &str) -> String {
    let mut width = 0;
    let mut short = String::new();
    for c in name.chars() {
        width += if c.is_ascii() { 1 } else { 2 };
        if width > 24 {
            short.push('…');
            break;
        }
        short.push(c);
    }
    short
}

fn ticks(story: &Story, axis: &Axis, height: f64) -> Markup {
    let format = if axis.span_ms > 2 * 86_400_000 { "%Y-%m-%d" } else { "%m-%d %H:%M" };
    html! {
        @for part in 0..=4_i64 {
            @let at_ms = axis.first_ms + axis.span_ms / 4 * part;
            @let anchor = match part { 0 => "start", 4 => "end", _ => "middle" };
            line.tick x1=(format!("{:.1}", axis.x(at_ms))) x2=(format!("{:.1}", axis.x(at_ms))) y1=(height - 34.0) y2=(height - 26.0) {}
            text.axis x=(format!("{:.1}", axis.x(at_ms))) y=(height - 12.0) text-anchor=(anchor) {
                (local(story.audience, at_ms).strftime(format).to_string())
            }
        }
    }
}

/// The same by day, in numbers.
fn table(story: &Story) -> Markup {
    let words = story.words();
    let zone = TimeZone::get(&story.audience.time_zone).unwrap_or(TimeZone::UTC);
    let mut days: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for ((_, key, _), seen) in &story.sightings.series {
        for one in seen {
            let at = Timestamp::from_millisecond(one.at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
            let day = at.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string();
            *days.entry((day, key)).or_default() += 1;
        }
    }
    html! {
        (super::scroll(words.timeline_table, html! {
            table.days {
                thead { tr {
                    th scope="col" { (words.day) }
                    th scope="col" { (words.service) }
                    th scope="col" .n { (words.codes) }
                } }
                tbody {
                    @for ((day, key), count) in days.iter().take(TABLE_ROWS_MAX) {
                        tr { td { (day) } th scope="row" { bdi { (story.name(key)) } } td.n { (count) } }
                    }
                }
            }
        }))
        @if days.len() > TABLE_ROWS_MAX { p.note { (words.table_cut.replace("{n}", &TABLE_ROWS_MAX.to_string())) } }
    }
}
