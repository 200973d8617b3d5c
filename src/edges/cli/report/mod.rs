//! The report of a replay: one page that holds everything, needs no network and
//! no script, and can be read on a phone, on paper, by ear and without colour.
//! It shows no subject and no address of any mail; what a sender chose (the
//! domain of an unknown service) is escaped by the template library.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use maud::{DOCTYPE, Markup, html};

use super::seen::Sightings;
use super::sent::Sent;
use super::show::{Summary, local, service_name};
use crate::message::{Audience, Language};
use crate::policy::Policy;

mod chart;
mod incidents;
mod near;
#[cfg(test)]
mod tests;
mod what_if;
mod words;

pub(super) use near::Near;
use words::{Words, words};

/// Everything that a report tells.
pub(super) struct Story<'a> {
    pub(super) policy: &'a Policy,
    pub(super) audience: &'a Audience,
    pub(super) summary: &'a Summary,
    /// The replay was interrupted: there are mails that it did not read.
    pub(super) interrupted: bool,
    pub(super) sightings: &'a Sightings,
    pub(super) sent: &'a [Sent],
    pub(super) near: &'a Near,
    /// When the report was made, in milliseconds since the epoch.
    pub(super) made_ms: i64,
}

impl Story<'_> {
    fn words(&self) -> &'static Words {
        words(self.audience.language)
    }

    /// What people call a service; an unknown domain so that it cannot be
    /// taken for a link.
    fn name(&self, key: &str) -> String {
        service_name(key, self.audience.language).unwrap_or_else(|| key.to_owned())
    }

    fn time(&self, at_ms: i64) -> String {
        local(self.audience, at_ms).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// Where a report will lie. It is written whole, beside its place, and then put
/// there: a replay that is killed leaves what stood there before, and nothing else.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
}

impl File {
    /// Makes sure that the report can be written there.
    pub(super) fn at(path: &Path) -> anyhow::Result<Self> {
        let file = Self { path: path.to_owned() };
        file.beside()?;
        Ok(file)
    }

    fn beside(&self) -> anyhow::Result<tempfile::NamedTempFile> {
        let folder = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        tempfile::Builder::new()
            .prefix(".hansho-report-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .with_context(|| {
                format!(
                    "cannot write {}; choose a folder that exists and may be written",
                    self.path.display()
                )
            })
    }

    /// Writes the report and puts it in its place.
    pub(super) fn write(self, page: &str) -> anyhow::Result<PathBuf> {
        let mut beside = self.beside()?;
        let failed = || format!("cannot write {}", self.path.display());
        beside.write_all(page.as_bytes()).with_context(failed)?;
        beside.as_file().sync_all().with_context(failed)?;
        beside.persist(&self.path).with_context(failed)?;
        Ok(self.path)
    }
}

/// The whole page.
pub(super) fn page(story: &Story) -> String {
    let words = story.words();
    let language = match story.audience.language {
        Language::Ja => "ja",
        Language::En => "en",
    };
    let services = story.sightings.services();
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                // Nothing may be fetched, run or sent, whatever the page holds.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (words.title) }
                style { (maud::PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    p.brand { "半鐘 hansho" }
                    h1 { (words.title) }
                    p.lead { (found(story)) }
                    @if story.interrupted { p.warning { (words.interrupted) } }
                    nav aria-label=(words.contents) {
                        ul {
                            li { a href="#timeline" { (words.timeline) } }
                            li { a href="#incidents" { (words.incidents) } }
                            li { a href="#services" { (words.services) } }
                            li { a href="#near" { (words.near) } }
                            li { a href="#what-if" { (words.what_if) } }
                            li { a href="#policy" { (words.policy) } }
                        }
                    }
                }
                main {
                    section id="summary" aria-label=(words.summary) { (numbers(story)) }
                    section id="timeline" aria-labelledby="h-timeline" {
                        h2 id="h-timeline" { (words.timeline) }
                        (chart::timeline(story, &services))
                    }
                    section id="incidents" aria-labelledby="h-incidents" {
                        h2 id="h-incidents" { (words.incidents) }
                        (incidents::all(story))
                    }
                    section id="services" aria-labelledby="h-services" {
                        h2 id="h-services" { (words.services) }
                        (service_table(story, &services))
                    }
                    section id="near" aria-labelledby="h-near" {
                        h2 id="h-near" { (words.near) }
                        (near::section(story))
                    }
                    section id="what-if" aria-labelledby="h-what-if" {
                        h2 id="h-what-if" { (words.what_if) }
                        (what_if::section(story))
                    }
                    section id="policy" aria-labelledby="h-policy" {
                        h2 id="h-policy" { (words.policy) }
                        p { (words.policy_lead) }
                        pre tabindex="0" role="group" aria-label="policy.toml" { (what_if::policy_toml(story)) }
                    }
                }
                footer {
                    p { (words.footer) " " (story.time(story.made_ms)) " (" (story.audience.time_zone) ")" }
                }
            }
        }
    }
    .into_string()
}

/// The answer in one sentence.
fn found(story: &Story) -> String {
    let words = story.words();
    match story.summary.incidents {
        0 => words.quiet.to_owned(),
        count => words.rang.replace("{n}", &count.to_string()),
    }
}

fn numbers(story: &Story) -> Markup {
    let words = story.words();
    let summary = story.summary;
    html! {
        dl.numbers {
            @for (id, name, number) in [
                ("mails", words.mails, summary.mails),
                ("codes", words.codes, summary.codes),
                ("incidents", words.incidents, summary.incidents),
                ("alerts", words.alerts, summary.alerts),
                ("unreadable", words.unreadable, summary.unreadable),
            ] {
                div { dt { (name) } dd data-number=(id) { (number) } }
            }
        }
    }
}

fn service_table(story: &Story, services: &[super::seen::ServiceRow]) -> Markup {
    let words = story.words();
    if services.is_empty() {
        return html! { p { (words.no_codes) } };
    }
    html! {
        (scroll(words.services, html! {
            table {
                thead { tr {
                    th scope="col" { (words.service) }
                    th scope="col" .n { (words.codes) }
                    th scope="col" .n { (words.verified) }
                    th scope="col" .n { (words.not_verified) }
                    th scope="col" { (words.first) }
                    th scope="col" { (words.last) }
                } }
                tbody { @for service in services { tr {
                    th scope="row" { bdi { (story.name(&service.key)) } }
                    td.n { (service.count) }
                    td.n { (service.verified) }
                    td.n { (service.count - service.verified) }
                    td { (story.time(service.first_ms)) }
                    td { (story.time(service.last_ms)) }
                } } }
            }
        }))
        p.note { (words.verified_note) }
    }
}

/// A table may be wider than a phone: it scrolls by itself, by keyboard too.
fn scroll(label: &str, table: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="group" aria-label=(label) { (table) } }
}
