//! The general recogniser: phrases and tokens of a page to weights. What counts
//! most is how a token stands to the nearest noun that could name it, so that
//! an order number beside a sentence on codes stays an order number. This room
//! must not know any service or who sent the mail.

use super::page::Page;
use super::phrases::{Family, Hit, Role};
use super::tokens::{Shape, Token};
use super::{Kind, Signal, marks, words};

mod against;
mod lone;
mod relation;
mod spare;
mod standing;
mod surroundings;

pub(super) use relation::stands_alone;
use relation::{
    Relation, case_number, counts_or_exemplifies, ends_line, ends_sentence, is_identifier,
    is_short_link, short,
};
use standing::{is_aside, is_imprint};
use surroundings::{bare, surroundings};

/// A noun and a token this many bytes apart have nothing to do with each other:
/// past 300 characters none is more than far.
const REACH_BYTES: usize = 1_200;

/// A mail is short up to this many bytes.
const TERSE_BYTES: usize = 600;

/// What the recogniser found.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// What was seen, and how much it weighs.
    pub(super) signals: Vec<Signal>,
    /// Where the code seems to stand.
    pub(super) code: Option<Token>,
    /// What looks most like a code where nothing says that it is one.
    pub(super) spare: Option<Candidate>,
}

/// Weighs a page; `linked` if the letter holds links.
pub(super) fn weigh(page: &Page, hits: &[Hit], tokens: &[Token], linked: bool) -> Finding {
    let scene = Scene::of(page, hits, tokens);
    let spelled = words::spelled(page, hits);
    let mut finding = Finding::default();
    let best = tokens
        .iter()
        .chain(&spelled)
        .filter_map(|token| scene.named(token).or_else(|| scene.asked_for(token)))
        .chain(scene.only(&spelled))
        .chain(scene.headline())
        .chain(scene.in_subject())
        .chain(words::letters(page, hits).map(|(token, hit)| {
            let same = page.line_of(token.start) == page.line_of(hit.start);
            let relation = if same { Relation::After } else { Relation::Below };
            scene.candidate(token, hit, relation)
        }))
        .chain(bare(page, tokens))
        .chain(words::capitals(page).iter().filter_map(|token| scene.asked_for(token)))
        .chain(words::joined(page, hits))
        .chain(words::pictures(page, hits))
        .chain(words::chosen(page, hits, linked))
        .chain(words::phrase(page, hits))
        .max_by_key(|candidate| candidate.weight);
    let mut sure = false;
    if let Some(candidate) = best {
        sure = candidate.signals.first().is_some_and(|signal| {
            let near = Relation::Near.weight(true) == signal.weight
                && signal.name == Relation::Near.signal(true);
            signal.weight >= 50 && !near && signal.name != "code.only"
        });
        finding.signals.extend(candidate.signals);
        finding.code = Some(candidate.token);
    } else {
        finding.spare = scene.likeliest(&spelled);
    }
    surroundings(page, hits, finding.code, &mut finding.signals);
    against::topics(page, hits, finding.code, sure, &mut finding.signals);
    against::looks(page, hits, tokens, finding.code, &mut finding.signals);
    if linked {
        against::link(page, hits, finding.code, &mut finding.signals);
    }
    finding
}

/// A place that could hold the code, and why.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) token: Token,
    pub(super) weight: i32,
    pub(super) signals: Vec<Signal>,
}

impl Candidate {
    pub(super) fn of(token: Token, signals: Vec<Signal>) -> Self {
        let weight = signals.iter().map(|signal| signal.weight).sum();
        Self { token, weight, signals }
    }
}

/// A page with all that was found on it.
struct Scene<'a> {
    page: &'a Page,
    hits: &'a [Hit],
    tokens: &'a [Token],
    /// Numbers that the mail calls something else.
    labelled: Vec<&'a str>,
    /// The mail is of a trade that has codes of its own.
    rival: bool,
    /// The mail says what a login code is for, or calls one by its own name.
    purposeful: bool,
}

impl<'a> Scene<'a> {
    fn of(page: &'a Page, hits: &'a [Hit], tokens: &'a [Token]) -> Self {
        let in_subject = |wanted: fn(&Role) -> bool| {
            hits.iter().any(|hit| hit.end <= page.subject_end() && wanted(&hit.role))
        };
        let headed = in_subject(|role| {
            matches!(role, Role::Code | Role::SharedCode | Role::For(_) | Role::Change)
        }) && hits.iter().any(|hit| hit.role == Role::Validity);
        let pressing = hits.iter().any(|hit| {
            matches!(hit.role, Role::Validity | Role::Secret | Role::NotYou | Role::Ask)
        });
        let rival = marks::percent(page)
            || hits.iter().filter(|hit| !is_aside(page, hits, hit)).any(|hit| match hit.role {
                // Papers and customers are numbered in the last lines of any mail.
                Role::Label(Family::Order | Family::Invoice | Family::Tax) => {
                    hit.end <= page.subject_end() || !headed
                }
                Role::Label(family) => family.is_rival(),
                // Every shop speaks of orders and bills; only a subject makes them the matter,
                // or a mail that hurries nobody.
                Role::Topic(Family::Order | Family::Invoice | Family::Tax) => {
                    hit.end <= page.subject_end() || !pressing
                }
                Role::Topic(family) => family.is_rival(),
                _ => false,
            });
        let has = |wanted: fn(&Role) -> bool| hits.iter().any(|hit| wanted(&hit.role));
        let guarded = has(|role| matches!(role, Role::Secret | Role::NotYou));
        // Every offer speaks of buying; a payment that is to be approved comes with a warning.
        let purposeful = guarded && has(|role| matches!(role, Role::For(Kind::Transaction)))
            || has(|role| {
                matches!(role, Role::Code | Role::NotYou)
                    || matches!(
                        role,
                        Role::For(Kind::Login | Kind::Signup | Kind::Reset) | Role::Change
                    )
            });
        let mut scene = Self { page, hits, tokens, labelled: Vec::new(), rival, purposeful };
        let labelled = tokens
            .iter()
            .filter(|token| {
                is_identifier(page, token)
                    || scene.nearest(token).is_some_and(|(_, relation, hit)| {
                        matches!(hit.role, Role::Label(_)) && relation > Relation::Near
                    })
            })
            .map(|token| page.slice(token.start, token.end))
            .chain(case_number(page))
            .collect();
        scene.labelled = labelled;
        scene
    }

    /// 2 if a noun names nothing but a login code, 1 if it may.
    fn strength(&self, hit: &Hit) -> u8 {
        match hit.role {
            Role::Code | Role::Picture => 2,
            Role::SharedCode if !self.rival && self.purposeful => 2,
            Role::SharedCode | Role::WeakCode => 1,
            _ => 0,
        }
    }

    /// The noun that is nearest to a token.
    fn nearest(&self, token: &Token) -> Option<(usize, Relation, &'a Hit)> {
        let alone = stands_alone(self.page, token);
        let mut best: Option<(usize, Relation, &Hit)> = None;
        for hit in self.hits.iter().filter(|hit| hit.is_noun()) {
            let Some((distance, relation)) = self.relation(token, alone, hit) else { continue };
            let nearer = best.is_none_or(|(least, held, other)| {
                if relation == Relation::Far && held == Relation::Far {
                    // Among far nouns the one that says most.
                    self.strength(hit) > self.strength(other)
                } else {
                    (relation > Relation::Far, least) > (held > Relation::Far, distance)
                }
            });
            if nearer {
                best = Some((distance, relation, hit));
            }
        }
        // "the code below … on the page you have open": words such as "page" name a number only beside it.
        let (_, relation, hit) = best?;
        if hit.role == Role::Label(Family::Number) && relation < Relation::Before {
            let coded = |hit: &&Hit| matches!(hit.role, Role::Code | Role::SharedCode);
            let code = self.hits.iter().filter(coded).filter_map(|hit| {
                let (distance, relation) = self.relation(token, alone, hit)?;
                (relation >= Relation::Below).then_some((distance, relation, hit))
            });
            return code.min_by_key(|(distance, _, _)| *distance).or(best);
        }
        best
    }

    /// A token with the noun that names it, if any noun does.
    fn named(&self, token: &Token) -> Option<Candidate> {
        if counts_or_exemplifies(self.page, self.hits, token)
            || self.labelled.contains(&self.page.slice(token.start, token.end))
        {
            return None;
        }
        let (_, relation, hit) = self.nearest(token)?;
        let strength = self.strength(hit);
        let sure = relation >= Relation::Below && strength == 2;
        if strength == 0 || token.doubtful && !sure || relation.weight(strength == 2) == 0 {
            return None;
        }
        let mut named = self.candidate(*token, hit, relation);
        if strength == 1 && self.is_pressing(token) && token.length >= 5 && self.is_terse(token) {
            let because = "a short mail with one number, of no other trade".to_owned();
            named.signals.push(Signal { name: "text.terse", weight: 15, because });
            named.weight += 15;
        }
        if strength == 1 && relation >= Relation::Below && self.is_all(token) {
            let because = "the text says nothing else".to_owned();
            named.signals.push(Signal { name: "text.nothing-else", weight: 20, because });
            named.weight += 20;
        }
        if strength == 1 && !stands_alone(self.page, token) && self.is_warning() {
            let because = "a number amid a warning of swindlers".to_owned();
            named.signals.push(Signal { name: "code.in-warning", weight: -25, because });
            named.weight -= 25;
        }
        if strength == 1 && !stands_alone(self.page, token) && self.is_list_of_numbers() {
            let because = "one of several numbers with names of other trades".to_owned();
            named.signals.push(Signal { name: "code.among-numbers", weight: -25, because });
            named.weight -= 25;
        }
        match self.asked_for(token) {
            Some(asked) if asked.weight > named.weight => Some(asked),
            _ => Some(named),
        }
    }

    /// Whether a mail is short, holds one number alone and is of no other trade:
    /// then a plain "code" that hurries, or a verb with a purpose, is enough.
    fn is_terse(&self, token: &Token) -> bool {
        let digits = matches!(token.shape, Shape::Digits | Shape::Grouped | Shape::Cells);
        let text = self.page.slice(token.start, token.end);
        let alone = self.tokens.iter().all(|other| {
            other == token || other.doubtful || self.page.slice(other.start, other.end) == text
        });
        let mut hits = self.hits.iter().filter(|hit| !is_imprint(self.page, hit));
        let other = hits.any(|hit| match hit.role {
            Role::Label(family) => family.is_rival(),
            // One can unsubscribe from a footer of anything.
            Role::Topic(Family::Campaign) => hit.end <= self.page.subject_end(),
            Role::Topic(family) => !family.is_of_accounts(),
            _ => false,
        });
        digits && alone && !other && !self.rival && self.page.folded.len() <= TERSE_BYTES
    }

    /// A token without a noun: "use 1234 to sign in".
    fn asked_for(&self, token: &Token) -> Option<Candidate> {
        if token.doubtful
            || counts_or_exemplifies(self.page, self.hits, token)
            || self.labelled.contains(&self.page.slice(token.start, token.end))
        {
            return None;
        }
        let line = self.page.lines.get(self.page.line_of(token.start))?;
        let before = self.page.slice(line.start, token.start).trim_end();
        let pointed = before.ends_with(':')
            && !self.page.slice(token.end, line.end).contains(char::is_alphanumeric);
        // "On the payment page enter 123 456", in the word order of any language.
        let typical =
            token.shape == Shape::Grouped || token.shape == Shape::Digits && token.length == 6;
        let reach = if typical { 28 } else { 16 };
        let verb = self.hits.iter().find(|hit| match hit.role {
            // "Enter the following in the app: 1234".
            Role::Enter | Role::Ask
                if pointed && hit.start >= line.start && hit.end <= token.start =>
            {
                !ends_sentence(self.page.slice(hit.end, token.start))
            }
            Role::Enter => {
                hit.end <= token.start && short(self.page.slice(hit.end, token.start), reach)
                    || hit.start >= token.end && short(self.page.slice(token.end, hit.start), 6)
            }
            Role::Ask => hit.start >= token.end && short(self.page.slice(token.end, hit.start), 4),
            _ => false,
        });
        let verb = verb.or_else(|| self.asked_above(token))?;
        // Every fee is paid and every bill; a payment to be approved comes with a warning.
        let guarded = self.hits.iter().any(|hit| {
            matches!(hit.role, Role::Validity | Role::Secret | Role::NotYou | Role::Code)
        });
        // A subject and a line that speak of one order make it the matter.
        let ordered = !self.rival && {
            let order = |hit: &&Hit| hit.role == Role::For(Kind::Transaction);
            let headed =
                self.hits.iter().filter(order).any(|hit| hit.end <= self.page.subject_end());
            headed
                && self
                    .hits
                    .iter()
                    .filter(order)
                    .any(|hit| hit.start >= line.start && hit.end <= line.end)
        };
        let purpose = self.hits.iter().any(|hit| {
            (hit.role == Role::Change
                || matches!(hit.role, Role::For(kind) if guarded || ordered || kind != Kind::Transaction))
                && (hit.start >= line.start && hit.end <= line.end
                    || hit.end <= self.page.subject_end())
        });
        let lettered = token.shape == Shape::Letters;
        let purpose = purpose
            || lettered
                && self.hits.iter().any(|hit| matches!(hit.role, Role::For(_) | Role::Change));
        if !purpose && matches!(token.shape, Shape::Mixed | Shape::Coined) {
            return None;
        }
        // Capitals that nobody could speak say themselves that they are a code.
        let weight = match (purpose, lettered) {
            (true, true) => 85,
            (false, true) => 80,
            (true, false) => 70,
            (false, false) => 50,
        };
        let mut signals =
            vec![Signal { name: "code.asked-for", weight, because: verb.because(self.page) }];
        signals.extend(self.form(token));
        // "I enter 1234 and nothing happens, does anybody know why?"
        let rest = self.page.slice(token.end, line.end);
        let ended = rest.find(['.', '!', '?', '。']);
        let asking = ended.and_then(|at| rest.get(at..)).is_some_and(|end| end.starts_with('?'))
            || rest.contains("か。")
            || rest.ends_with("ท\u{e4d}าไม");
        if asking && !guarded {
            let because = "it stands in a question".to_owned();
            signals.push(Signal { name: "refuse.question", weight: -40, because });
        }
        if purpose && !asking && self.is_terse(token) && !self.page.shows_link() {
            let because = "a short mail with one number, of no other trade".to_owned();
            signals.push(Signal { name: "text.terse", weight: 15, because });
        }
        Some(Candidate::of(*token, signals))
    }

    /// A verb on the line above that ends with a colon: "type this into the app:".
    fn asked_above(&self, token: &Token) -> Option<&'a Hit> {
        let at = self.page.line_of(token.start).checked_sub(1).filter(|at| *at > 0)?;
        let above = self.page.lines.get(at)?;
        let points = self.page.slice(above.start, above.end).ends_with(':');
        if !points || !stands_alone(self.page, token) {
            return None;
        }
        let purpose = token.shape == Shape::Cells
            || self.hits.iter().any(|hit| matches!(hit.role, Role::For(_) | Role::Change));
        self.hits.iter().filter(|_| purpose).find(|hit| {
            matches!(hit.role, Role::Enter | Role::Ask)
                && hit.start >= above.start
                && hit.end <= above.end
        })
    }

    fn candidate(&self, token: Token, hit: &Hit, relation: Relation) -> Candidate {
        let strong = self.strength(hit) == 2;
        let name = relation.signal(strong);
        let mut signals =
            vec![Signal { name, weight: relation.weight(strong), because: hit.because(self.page) }];
        signals.extend(self.form(&token));
        Candidate::of(token, signals)
    }

    /// How a token looks and where it stands.
    fn form(&self, token: &Token) -> impl Iterator<Item = Signal> + use<> {
        let alone = stands_alone(self.page, token) && token.start >= self.page.subject_end();
        let (weight, because) = match token.shape {
            Shape::Digits if token.length == 6 => (15, "six digits"),
            Shape::Digits if token.length > 8 => (0, "nine or ten digits"),
            Shape::Digits => (10, "four to eight digits"),
            Shape::Grouped => (10, "digits in groups"),
            Shape::Cells => (30, "one digit to a cell"),
            Shape::Prefixed => (12, "a prefix and digits"),
            Shape::Mixed => (5, "letters and digits"),
            Shape::Coined => (-30, "a word with a number, as coupons have"),
            Shape::Letters => (5, "letters"),
            Shape::Words => (5, "words"),
        };
        let shape = Signal { name: "code.shape", weight, because: because.to_owned() };
        let line = alone.then(|| Signal {
            name: "code.line-of-its-own",
            weight: 15,
            because: "nothing else stands on its line".to_owned(),
        });
        // A line that ends with a colon points at the next one.
        let number = self.page.line_of(token.start);
        let above = number.checked_sub(1).filter(|above| *above > 0);
        let pointed = alone
            && above
                .and_then(|above| self.page.lines.get(above))
                .is_some_and(|line| self.page.slice(line.start, line.end).ends_with(':'));
        let pointed = pointed.then(|| Signal {
            name: "code.pointed-at",
            weight: 15,
            because: "the line above ends with a colon".to_owned(),
        });
        let subject = (token.end <= self.page.subject_end() && !self.rival).then(|| Signal {
            name: "subject.holds-code",
            weight: 25,
            because: "it stands in the subject".to_owned(),
        });
        [Some(shape), line, pointed, subject].into_iter().flatten()
    }

    /// How a noun and a token stand to each other, and how far apart.
    fn relation(&self, token: &Token, alone: bool, hit: &Hit) -> Option<(usize, Relation)> {
        let page = self.page;
        let token_line = page.line_of(token.start);
        let hit_line = page.line_of(hit.start);
        let subject = page.subject_end();
        // The subject is no neighbour of the first line.
        if (token.start < subject) != (hit.start < subject) {
            if alone && hit.role == Role::Code && hit.end <= subject && !self.rival {
                return Some((10_000, Relation::Headed));
            }
            return (self.strength(hit) > 0).then_some((10_000, Relation::Far));
        }
        if hit.end <= token.start {
            if token.start - hit.end > REACH_BYTES {
                return (self.strength(hit) > 0).then_some((token.start - hit.end, Relation::Far));
            }
            let gap = page.slice(hit.end, token.start);
            let distance = gap.chars().count();
            let lines = token_line - page.line_of(hit.end.saturating_sub(1));
            // A number between them has taken the noun already.
            let taken = self.tokens.iter().any(|other| {
                other.start >= hit.end
                    && other.end <= token.start
                    && !other.doubtful
                    && !matches!(other.shape, Shape::Mixed | Shape::Coined)
            });
            if taken {
                return (self.strength(hit) > 0).then_some((distance + 400, Relation::Far));
            }
            // "We never ask for codes. Report it: 1234": what a refusal names is no code.
            let sentence = gap.split_inclusive(['.', '。', '!', '\n']).next().unwrap_or(gap);
            let refused = sentence.len() < gap.len()
                && ends_sentence(gap)
                && self.hits.iter().any(|other| {
                    other.role == Role::Secret
                        && other.start >= hit.start
                        && other.start <= hit.end + sentence.len()
                });
            if refused && !alone {
                return (self.strength(hit) > 0).then_some((distance + 400, Relation::Far));
            }
            // A label that has its number already names no other below.
            let line_end = page.lines.get(page.line_of(hit.start)).map_or(hit.end, |line| line.end);
            let named = lines > 0
                && matches!(hit.role, Role::Label(_))
                && page.slice(hit.end, line_end).contains(|c: char| c.is_ascii_digit());
            let relation = match lines {
                _ if named => Relation::Far,
                0 if is_short_link(gap) => Relation::After,
                0 if distance <= 120 && !ends_sentence(gap) => Relation::Near,
                0 if distance <= 60 => Relation::Near,
                // "on the page you have open": such a word names what follows on its own line only.
                1..=4 if hit.role == Role::Label(Family::Number) && !ends_line(page, hit) => {
                    Relation::Far
                }
                1..=4 if alone && distance <= 300 => Relation::Below,
                1 if distance <= 80 && !ends_sentence(gap) => Relation::Near,
                _ => Relation::Far,
            };
            return Some((distance, relation));
        }
        if hit.start >= token.end {
            if hit.start - token.end > REACH_BYTES {
                return (self.strength(hit) > 0).then_some((hit.start - token.end, Relation::Far));
            }
            // "1234 (order no.: 5)": what a colon follows names what comes next.
            let after = page.slice(hit.end, page.folded.len()).trim_start();
            let named = after.strip_prefix(':').map(str::trim_start);
            if named.is_some_and(|named| !named.starts_with("http")) {
                return (self.strength(hit) > 0 && token_line != hit_line)
                    .then_some((500, Relation::Far));
            }
            let gap = page.slice(token.end, hit.start);
            let distance = gap.chars().count();
            let lines = hit_line - token_line;
            // "Example Ltd., tax no. 123": what has its number already names none above.
            if lines > 0
                && matches!(hit.role, Role::Label(_))
                && after.starts_with(|c: char| c.is_ascii_digit())
            {
                return None;
            }
            let relation = match lines {
                // "1234 on the page you have open": such a word names only what it touches.
                0 if hit.role == Role::Label(Family::Number) && distance > 12 => Relation::Far,
                0 if distance <= 48 && !ends_sentence(gap) => Relation::Before,
                // "1234 / expires at …": such a word names what follows it.
                1 if hit.role == Role::Label(Family::Number) => Relation::Far,
                1 if alone && distance <= 60 => Relation::Above,
                1 if distance <= 40 && !ends_sentence(gap) => Relation::Before,
                _ => Relation::Far,
            };
            // What stands before a number names it rather than what follows, and more so
            // where the number has a line of its own.
            let apart = if relation == Relation::Above { 60 } else { 12 };
            return Some((distance + apart, relation));
        }
        // The noun holds the token, as "2-step verification" holds the 2.
        None
    }
}

#[cfg(test)]
mod tests;
