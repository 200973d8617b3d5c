//! What speaks against a code mail: topics and labels of other trades, and how
//! the page looks. This room must not know any service or who sent the mail.

use memchr::memmem;

use crate::classify::page::Page;
use crate::classify::phrases::{Family, Hit, Role};
use crate::classify::tokens::{Shape, Token};
use crate::classify::{Signal, marks};

use super::relation::{short, stands_alone};
use super::standing::{is_changed, is_imprint};

/// What speaks against a code mail.
pub(super) fn topics(
    page: &Page,
    hits: &[Hit],
    code: Option<Token>,
    sure: bool,
    signals: &mut Vec<Signal>,
) {
    let subject = page.subject_end();
    let mut seen: Vec<Family> = Vec::new();
    let sure_or_alone =
        page.lines.len() > 2 && code.is_some_and(|code| sure || stands_alone(page, &code));
    let hurried = hits.iter().any(|hit| matches!(hit.role, Role::Validity | Role::Secret));
    let coded = hits.iter().any(|hit| hit.role == Role::Code && hit.end <= subject);
    for hit in hits {
        let Role::Topic(family) = hit.role else { continue };
        // "If it was not you who signed in" tells of nothing that happened.
        let advice = |other: &Hit| {
            other.role == Role::NotYou && other.start <= hit.start && hit.start <= other.end + 24
        };
        if family == Family::Notice && hit.end > subject && hits.iter().any(advice) {
            continue;
        }
        if seen.contains(&family) || seen.len() >= 4 || is_changed(page, hits, hit) {
            continue;
        }
        seen.push(family);
        let mut weight = weight_against(family, hit.end <= subject);
        // "Your verification code for the booking portal" is headed by the code.
        // "We locked your account. Case 1234": what happened is told, and no code beside it.
        if family == Family::Notice && code.is_some_and(|code| !sure && !stands_alone(page, &code))
        {
            weight = if hit.end <= subject { -60 } else { -25 };
        }
        // One such word stands in many a footer; three of a kind are what the mail is about.
        let alike = hits.iter().filter(|other| other.role == hit.role).count();
        let plain = !hits.iter().any(|hit| hit.role == Role::Code);
        if hit.end > subject && (alike >= 3 || family == Family::Coupon && plain) {
            weight *= 2;
        }
        // A short mail of one line to unsubscribe by is no campaign.
        let footer = page.lines.last().is_some_and(|line| hit.start >= line.start);
        if family == Family::Campaign && sure_or_alone && footer && alike == 1 {
            weight = -5;
        }
        if coded && weight == -80 && matches!(family, Family::Booking | Family::Tax) {
            weight = -50;
        }
        // "Change of address: your code": what a named code is asked for may be any trade's.
        if weight == -80 && sure && hurried {
            weight = -25;
        }
        if is_imprint(page, hit) {
            weight = weight.max(-5);
        }
        let because = format!("{}: {}", family.name(), hit.because(page));
        signals.push(Signal { name: "refuse.topic", weight, because });
    }
    let mut labels: Vec<Family> = Vec::new();
    for hit in hits {
        let Role::Label(family) = hit.role else { continue };
        if family == Family::Number || labels.contains(&family) || hit.end > subject {
            continue;
        }
        labels.push(family);
        let because = format!("{}: {}", family.name(), hit.because(page));
        let weight = if sure && hurried { -20 } else { -40 };
        signals.push(Signal { name: "refuse.label-in-subject", weight, because });
    }
    let Some(token) = code else { return };
    let warned = hits.iter().find(|hit| hit.role == Role::Secret && hit.end <= subject);
    if let Some(hit) = warned.filter(|_| token.start >= subject) {
        signals.push(Signal {
            name: "refuse.warning-in-subject",
            weight: -40,
            because: hit.because(page),
        });
    }
    let strong = hits.iter().any(|hit| hit.role == Role::Code);
    if !strong
        && let Some(hit) = hits.iter().find(|hit| {
            hit.end > subject && matches!(hit.role, Role::Label(family) if family.is_rival())
        })
    {
        // Any sender may number its customers in the last lines.
        let number = matches!(hit.role, Role::Label(Family::Order));
        let last = page.lines.last().is_some_and(|line| hit.start >= line.start);
        let numbered = last && hit.role == Role::Label(Family::Tax);
        let weight = if number || numbered { -15 } else { -30 };
        signals.push(Signal { name: "refuse.label", weight, because: hit.because(page) });
    }
    let length = page.folded.chars().count();
    if length > 3_000 {
        let because = "longer than code mails are".to_owned();
        signals.push(Signal { name: "text.long", weight: -30, because });
    }
}

/// What the look of the page says against a code mail, in any language.
pub(super) fn looks(
    page: &Page,
    hits: &[Hit],
    tokens: &[Token],
    code: Option<Token>,
    signals: &mut Vec<Signal>,
) {
    let Some(code) = code else { return };
    let mut say = |name, weight, because: &str| {
        signals.push(Signal { name, weight, because: because.to_owned() });
    };
    if marks::percent(page) {
        say("refuse.percent", -40, "it names a share in percent, as offers do");
    }
    // `"Code 1234"` is how a sender sets it off; `"read me 1234"` is what a swindler says.
    let named = hits.iter().any(|hit| {
        matches!(hit.role, Role::Code | Role::SharedCode | Role::WeakCode)
            && hit.end <= code.start
            && code.start - hit.end <= 4
    });
    if marks::quoted_letters(page, &code) >= if named { 12 } else { 5 } {
        say("refuse.quotation", -70, "what looks like a code is part of quoted speech");
    }
    let mut alone: Vec<&str> = tokens
        .iter()
        .filter(|token| token.start >= page.subject_end() && stands_alone(page, token))
        .map(|token| page.slice(token.start, token.end))
        .collect();
    alone.sort_unstable();
    alone.dedup();
    if alone.len() >= 4 {
        say("refuse.many", -60, "it lists several things that look like codes");
    }
}

/// A number amid the words of a mail that wants a link followed and names no
/// code: the user, the session, the request.
pub(super) fn link(page: &Page, hits: &[Hit], code: Option<Token>, signals: &mut Vec<Signal>) {
    let Some(code) = code else { return };
    let named = hits.iter().any(|hit| matches!(hit.role, Role::Code | Role::SharedCode));
    let line = page.lines.get(page.line_of(code.start));
    let from = line.map_or(code.start, |line| line.start);
    let before = page.slice(0, code.start).trim_end_matches([' ', '"', '*', '[']);
    let noun = |hit: &Hit| {
        let beside = hit.end == before.len() || hit.start >= code.end && hit.start - code.end <= 1;
        hit.role == Role::WeakCode && hit.start >= from && beside
    };
    let announced = before.ends_with([':', '「', '『', '【']) || hits.iter().any(noun);
    // "Press the button or enter 123-456 by hand".
    let told = hits.iter().any(|hit| {
        hit.role == Role::Ask
            && line.is_some_and(|line| hit.start >= line.start && hit.end <= line.end)
    });
    let drawn =
        matches!(code.shape, Shape::Grouped | Shape::Mixed | Shape::Letters | Shape::Prefixed);
    let reach = match code.shape {
        Shape::Digits if told && code.length <= 6 => 1,
        _ => 12,
    };
    let asked = (drawn || reach == 1)
        && hits.iter().any(|hit| {
            matches!(hit.role, Role::Enter | Role::Ask)
                && (hit.end <= code.start && short(page.slice(hit.end, code.start), reach)
                    || hit.start >= code.end && short(page.slice(code.end, hit.start), 3))
        });
    let purpose = hits.iter().any(|hit| {
        matches!(hit.role, Role::For(_) | Role::Change)
            && line.is_some_and(|line| hit.start >= line.start && hit.end <= line.end)
    });
    // Users and requests have longer numbers: those take the verb right before them, or
    // beside them where the link holds the same number.
    let number = page.slice(code.start, code.end);
    let repeated = memmem::find_iter(page.folded.as_bytes(), number.as_bytes()).count() >= 2;
    let asked = asked
        || (told || purpose)
            && code.shape == Shape::Digits
            && code.length <= 8
            && hits.iter().any(|hit| {
                let before = page.slice(hit.end, code.start);
                let after = page.slice(code.end, hit.start);
                hit.role == Role::Enter
                    && hit.start >= from
                    && (hit.end <= code.start && short(before, if repeated { 4 } else { 1 })
                        || repeated && hit.start >= code.end && short(after, 3))
            });
    if named || asked || announced || stands_alone(page, &code) || code.end <= page.subject_end() {
        return;
    }
    let because = "it holds a link, names no code, and the number stands amid words".to_owned();
    signals.push(Signal { name: "refuse.link-instead", weight: -60, because });
}

/// What a topic weighs. Code mails speak of logins and links, and warn of
/// phishing; none is headed by an order or a scam.
fn weight_against(family: Family, subject: bool) -> i32 {
    match (family, subject) {
        (Family::Notice | Family::ResetLink | Family::ConfirmLink | Family::MagicLink, _) => 0,
        (Family::PhishingWarning | Family::Enrolment | Family::Campaign, true) => -90,
        (Family::PhishingWarning, false) => -15,
        (Family::Campaign, false) => -20,
        (Family::Postal, false) => -5,
        (Family::Bounce, true) => -120,
        (_, true) => -80,
        (_, false) => -25,
    }
}
