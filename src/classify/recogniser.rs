//! The general recogniser: phrases and tokens of a page to weights. What counts
//! most is how a token stands to the nearest noun that could name it, so that
//! an order number beside a sentence on codes stays an order number. This room
//! must not know any service or who sent the mail.

use super::page::Page;
use super::phrases::{Family, Hit, Role};
use super::tokens::{Shape, Token};
use super::{Signal, words};

/// How a token stands to the noun that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    /// Somewhere else in the mail.
    Far,
    /// In the same sentence or paragraph, with words between.
    Near,
    /// On the line above the noun.
    Above,
    /// On a line of its own below the noun.
    Below,
    /// "1234 is your code".
    Before,
    /// "code: 1234".
    After,
}

impl Relation {
    /// The weight if a strong noun or a weak one names the token.
    fn weight(self, strong: bool) -> i32 {
        match (self, strong) {
            (Self::After, true) => 100,
            (Self::Before, true) => 95,
            (Self::Below, true) => 90,
            (Self::Near, true) => 60,
            (Self::Above, true) => 60,
            (Self::Far, true) => 15,
            (Self::After, false) => 60,
            (Self::Before, false) => 55,
            (Self::Below, false) => 50,
            (Self::Above, false) => 30,
            (Self::Near, false) => 20,
            (Self::Far, false) => 0,
        }
    }

    fn signal(self, strong: bool) -> &'static str {
        match (self, strong) {
            (Self::After | Self::Near, true) => "code.after-code-phrase",
            (Self::Before, true) => "code.before-code-phrase",
            (Self::Below, true) => "code.below-code-phrase",
            (Self::Above, true) => "code.above-code-phrase",
            (Self::Far, true) => "code.far-from-code-phrase",
            (Self::After | Self::Near, false) => "code.after-code-word",
            (Self::Before, false) => "code.before-code-word",
            (Self::Below, false) => "code.below-code-word",
            (Self::Above, false) => "code.above-code-word",
            (Self::Far, false) => "code.far-from-code-word",
        }
    }
}

/// What the recogniser found.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// What was seen, and how much it weighs.
    pub(super) signals: Vec<Signal>,
    /// Where the code seems to stand.
    pub(super) code: Option<Token>,
}

/// Weighs a page.
pub(super) fn weigh(page: &Page, hits: &[Hit], tokens: &[Token]) -> Finding {
    let mut finding = Finding::default();
    let best = tokens
        .iter()
        .filter_map(|token| weigh_token(page, hits, tokens, token))
        .chain(
            words::letters(page, hits).map(|(token, hit)| named(page, token, hit, Relation::After)),
        )
        .max_by_key(|candidate| candidate.weight);
    match best {
        Some(candidate) => {
            finding.signals.extend(candidate.signals);
            finding.code = Some(candidate.token);
        }
        None => {
            if let Some((token, signal)) =
                bare(page, tokens).or_else(|| words::pictures(page, hits))
            {
                finding.signals.push(signal);
                finding.code = Some(token);
            }
        }
    }
    surroundings(page, hits, finding.code, &mut finding.signals);
    against(page, hits, finding.code, &mut finding.signals);
    finding
}

struct Candidate {
    token: Token,
    weight: i32,
    signals: Vec<Signal>,
}

/// A token with the noun that names it, if any noun does.
fn weigh_token(page: &Page, hits: &[Hit], tokens: &[Token], token: &Token) -> Option<Candidate> {
    if followed_by_unit(page, hits, token) {
        return None;
    }
    let alone = stands_alone(page, token);
    let mut best: Option<(usize, Relation, &Hit)> = None;
    for hit in hits.iter().filter(|hit| hit.is_noun()) {
        let Some((distance, relation)) = relation(page, tokens, token, alone, hit) else {
            continue;
        };
        let nearer = match best {
            None => true,
            Some((least, _, other)) => {
                // A far noun says little; among far ones a code phrase is preferred.
                if relation == Relation::Far && distance > 200 {
                    strength(hit) > strength(other) && least > 200
                } else {
                    distance < least
                }
            }
        };
        if nearer {
            best = Some((distance, relation, hit));
        }
    }
    let (_, relation, hit) = best?;
    if matches!(hit.role, Role::Label(_)) && relation > Relation::Far {
        return None;
    }
    let candidate = named(page, *token, hit, relation);
    let sure = relation >= Relation::Below;
    (!(token.doubtful && !(sure && strength(hit) == 2)) && candidate.weight > 0)
        .then_some(candidate)
}

fn strength(hit: &Hit) -> u8 {
    match hit.role {
        Role::Code | Role::Picture => 2,
        Role::WeakCode => 1,
        _ => 0,
    }
}

fn named(page: &Page, token: Token, hit: &Hit, relation: Relation) -> Candidate {
    let strong = strength(hit) == 2;
    let mut signals = Vec::new();
    let base = if strength(hit) == 0 { 0 } else { relation.weight(strong) };
    if base > 0 {
        signals.push(Signal {
            name: relation.signal(strong),
            weight: base,
            because: hit.because(),
        });
    }
    let (weight, because) = match token.shape {
        Shape::Digits if token.length == 6 => (15, "six digits"),
        Shape::Digits if token.length > 8 => (0, "nine or ten digits"),
        Shape::Digits => (10, "four to eight digits"),
        Shape::Grouped => (10, "digits in groups"),
        Shape::Cells => (20, "one digit to a cell"),
        Shape::Prefixed => (12, "a prefix and digits"),
        Shape::Mixed => (5, "letters and digits"),
        Shape::Letters => (5, "letters"),
        Shape::Words => (5, "words"),
    };
    signals.push(Signal { name: "code.shape", weight, because: because.to_owned() });
    if stands_alone(page, &token) && token.start >= page.subject_end() {
        let because = "nothing else stands on its line".to_owned();
        signals.push(Signal { name: "code.line-of-its-own", weight: 15, because });
    }
    let weight = signals.iter().map(|signal| signal.weight).sum();
    Candidate { token, weight, signals }
}

/// How a noun and a token stand to each other, and how far apart.
fn relation(
    page: &Page,
    tokens: &[Token],
    token: &Token,
    alone: bool,
    hit: &Hit,
) -> Option<(usize, Relation)> {
    let token_line = page.line_of(token.start);
    let hit_line = page.line_of(hit.start);
    let subject = page.subject_end();
    // The subject is no neighbour of the first line.
    if (token.start < subject) != (hit.start < subject) {
        return (strength(hit) > 0).then_some((10_000, Relation::Far));
    }
    if hit.end <= token.start {
        let gap = page.slice(hit.end, token.start);
        let distance = gap.chars().count();
        let lines = token_line - page.line_of(hit.end.saturating_sub(1));
        // A number between them has taken the noun already.
        let taken = tokens
            .iter()
            .any(|other| other.start >= hit.end && other.end <= token.start && !other.doubtful);
        if taken {
            return (strength(hit) > 0).then_some((distance + 400, Relation::Far));
        }
        let relation = match lines {
            0 if is_short_link(gap) => Relation::After,
            0 if distance <= 120 && !ends_sentence(gap) => Relation::Near,
            0 if distance <= 60 => Relation::Near,
            1..=4 if alone && distance <= 300 => Relation::Below,
            1 if distance <= 80 && !ends_sentence(gap) => Relation::Near,
            _ => Relation::Far,
        };
        return Some((distance, relation));
    }
    if hit.start >= token.end {
        let gap = page.slice(token.end, hit.start);
        let distance = gap.chars().count();
        let lines = hit_line - token_line;
        let relation = match lines {
            0 if distance <= 48 && !ends_sentence(gap) => Relation::Before,
            1 if alone && distance <= 60 => Relation::Above,
            1 if distance <= 40 && !ends_sentence(gap) => Relation::Before,
            _ => Relation::Far,
        };
        // What stands before a number names it rather than what follows.
        return Some((distance + 12, relation));
    }
    // The noun holds the token, as "2-step verification" holds the 2.
    None
}

/// Whether what stands between a noun and a token is no more than "is" or ":".
fn is_short_link(gap: &str) -> bool {
    let count = gap.chars().count();
    count <= 12 && !ends_sentence(gap)
        || count <= 40
            && gap.trim_end().ends_with([':', '>', '→', '「', '『', '【', '[', '"', '=', '*'])
        || count <= 30 && !ends_sentence(gap) && !gap.contains(',')
}

fn ends_sentence(gap: &str) -> bool {
    gap.contains(['。', '！', '।'])
        || gap.contains(". ")
        || gap.contains("! ")
        || gap.contains("? ")
}

fn followed_by_unit(page: &Page, hits: &[Hit], token: &Token) -> bool {
    hits.iter().any(|hit| {
        hit.role == Role::Unit
            && hit.start >= token.end
            && hit.start - token.end <= 1
            && page.line_of(hit.start) == page.line_of(token.start)
    })
}

/// Whether nothing but marks stands beside a token on its lines.
pub(super) fn stands_alone(page: &Page, token: &Token) -> bool {
    let first = page.lines.get(page.line_of(token.start)).map_or(token.start, |line| line.start);
    let last = page
        .lines
        .get(page.line_of(token.end.saturating_sub(1)))
        .map_or(token.end, |line| line.end);
    let silent = |text: &str| !text.chars().any(char::is_alphanumeric);
    silent(page.slice(first, token.start)) && silent(page.slice(token.end, last.max(token.end)))
}

/// A text that is nothing but a code.
fn bare(page: &Page, tokens: &[Token]) -> Option<(Token, Signal)> {
    let mut inside = tokens.iter().filter(|token| token.start >= page.subject_end());
    let token = *inside.next()?;
    if inside.next().is_some() || token.doubtful || !stands_alone(page, &token) {
        return None;
    }
    let lines = page
        .lines
        .iter()
        .skip(1)
        .filter(|line| page.slice(line.start, line.end).chars().any(char::is_alphanumeric));
    let weight = match token.shape {
        Shape::Mixed | Shape::Letters | Shape::Words => 60,
        _ => 110,
    };
    let because = "the text holds nothing but what looks like a code".to_owned();
    (lines.count() == 1).then_some((token, Signal { name: "code.bare", weight, because }))
}

/// What speaks for a code mail around the code itself.
fn surroundings(page: &Page, hits: &[Hit], code: Option<Token>, signals: &mut Vec<Signal>) {
    let subject = page.subject_end();
    let in_subject = |role: Role| hits.iter().find(|hit| hit.role == role && hit.end <= subject);
    if let Some(hit) = in_subject(Role::Code) {
        signals.push(Signal { name: "subject.code-phrase", weight: 25, because: hit.because() });
    } else if let Some(hit) = in_subject(Role::WeakCode) {
        signals.push(Signal { name: "subject.code-word", weight: 12, because: hit.because() });
    }
    // Without a code these only say what the mail talks about.
    if code.is_none() {
        return;
    }
    for (role, name, weight) in [
        (Role::Ask, "text.asks-for-code", 20),
        (Role::Validity, "text.validity", 15),
        (Role::Secret, "text.do-not-share", 15),
        (Role::NotYou, "text.if-not-you", 10),
    ] {
        if let Some(hit) = hits.iter().find(|hit| hit.role == role) {
            signals.push(Signal { name, weight, because: hit.because() });
        }
    }
    if let Some(hit) = hits.iter().find(|hit| matches!(hit.role, Role::For(_))) {
        signals.push(Signal { name: "text.purpose", weight: 10, because: hit.because() });
    }
}

/// What speaks against a code mail.
fn against(page: &Page, hits: &[Hit], code: Option<Token>, signals: &mut Vec<Signal>) {
    let subject = page.subject_end();
    let mut seen: Vec<Family> = Vec::new();
    for hit in hits {
        let Role::Topic(family) = hit.role else { continue };
        if seen.contains(&family) || seen.len() >= 3 {
            continue;
        }
        seen.push(family);
        let weight = if hit.end <= subject { -60 } else { -25 };
        let because = format!("{}: {}", family.name(), hit.because());
        signals.push(Signal { name: "refuse.topic", weight, because });
    }
    let mut labels: Vec<Family> = Vec::new();
    for hit in hits {
        let Role::Label(family) = hit.role else { continue };
        if family == Family::Number || labels.contains(&family) || hit.end > subject {
            continue;
        }
        labels.push(family);
        let because = format!("{}: {}", family.name(), hit.because());
        signals.push(Signal { name: "refuse.label-in-subject", weight: -40, because });
    }
    if code.is_none() {
        return;
    }
    let length = page.folded.chars().count();
    if length > 3_000 {
        let weight = if length > 5_000 { -40 } else { -20 };
        let because = "longer than code mails are".to_owned();
        signals.push(Signal { name: "text.long", weight, because });
    }
}

#[cfg(test)]
mod tests;
