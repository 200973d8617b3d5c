//! An alert as an e-mail in plain text: which parts it has in which order, in
//! lines short enough for a phone. The words are the voice's.

use super::playbook::Task;
use super::story::Story;
use super::voice::{Heading, Voice, voice};
use super::{plain, wrap};
use crate::burst::{AlertKind, Phase};

/// How the last line of every e-mail of ours begins; a mail that carries it is
/// one of ours that came back, whatever else it looks like.
pub const MARKER: &str = "hansho-alert: ";

/// The text of the mail.
pub(super) fn email(story: &Story) -> String {
    let mut page = Page { text: String::new(), voice: voice(story.language) };
    let happened = page.voice.happened(story);
    page.paragraphs(Heading::Happened, &happened);
    match story.facts.phase {
        Phase::Opened | Phase::Once => opening(&mut page, story),
        Phase::Escalated => {
            page.titles(Heading::IfNotYet, story, story.plan.now());
            never(&mut page, story, 1);
        }
        Phase::Closed => page.titles(Heading::StillToDo, story, story.plan.afterwards()),
    }
    for note in page.voice.notes(story) {
        page.blank();
        page.line(&note, "");
    }
    page.blank();
    page.text.push_str(MARKER);
    page.text.push_str(&plain::id(&story.facts.id));
    page.text.push('\n');
    page.text
}

fn opening(page: &mut Page, story: &Story) {
    let meaning = page.voice.meaning(story);
    page.paragraphs(Heading::Meaning, &meaning);
    let link = story.facts.link.as_deref().and_then(plain::link);
    if let Some(link) = link.filter(|_| story.facts.alert == AlertKind::ForwardConfirmation) {
        page.head(Heading::Link);
        page.text.push_str(link);
        page.text.push('\n');
    }
    page.tasks(story);
    never(page, story, usize::MAX);
    if !story.plan.false_alarms.is_empty() {
        page.head(Heading::FalseAlarm);
        for cause in &story.plan.false_alarms {
            page.item(cause.text.get(story.language));
        }
    }
    if let Some(source) = &story.plan.source {
        page.blank();
        let source = page.voice.source(source);
        page.line(&source, "");
    }
}

fn never(page: &mut Page, story: &Story, most: usize) {
    if !story.plan.never.is_empty() {
        page.head(Heading::Never);
        for warning in story.plan.never.iter().take(most) {
            page.item(warning.text.get(story.language));
        }
    }
}

/// A text that grows by lines.
struct Page {
    text: String,
    voice: &'static dyn Voice,
}

impl Page {
    fn blank(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn line(&mut self, text: &str, first: &str) {
        wrap::paragraph(&mut self.text, text, first, self.voice.columns());
    }

    fn head(&mut self, heading: Heading) {
        self.blank();
        let (mark, _) = self.voice.marks();
        self.line(self.voice.heading(heading), mark);
    }

    fn item(&mut self, text: &str) {
        let (_, mark) = self.voice.marks();
        self.line(text, mark);
    }

    fn paragraphs(&mut self, heading: Heading, paragraphs: &[String]) {
        if !paragraphs.is_empty() {
            self.head(heading);
            for paragraph in paragraphs {
                self.line(paragraph, "");
            }
        }
    }

    /// The steps with everything that is said of them.
    fn tasks(&mut self, story: &Story) {
        for (n, task) in story.plan.now().enumerate() {
            if n == 0 {
                self.head(Heading::DoNow);
            } else {
                self.blank();
            }
            self.line(task.step.title.get(story.language), &format!("{}. ", n + 1));
            self.line(task.step.text.get(story.language), "   ");
            if let Some((desk, state)) = &task.desk {
                let desk = self.voice.desk(story, desk, state);
                self.line(&desk, "   ");
            }
            if let Some(needs) = &task.step.needs {
                let needs = self.voice.needs(needs.get(story.language));
                self.line(&needs, "   ");
            }
        }
    }

    /// The steps in a few words each.
    fn titles<'a>(
        &mut self,
        heading: Heading,
        story: &Story,
        tasks: impl Iterator<Item = &'a Task>,
    ) {
        for (n, task) in tasks.enumerate() {
            if n == 0 {
                self.head(heading);
            }
            self.line(task.step.title.get(story.language), &format!("{}. ", n + 1));
            if let Some((desk, state)) = &task.desk {
                let desk = self.voice.desk(story, desk, state);
                self.line(&desk, "   ");
            }
        }
    }
}
