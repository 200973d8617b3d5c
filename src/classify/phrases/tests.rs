//! Claims on the phrase data and on how phrases are found.

use super::*;
use crate::mail::Letter;

fn roles(text: &str) -> Vec<Role> {
    let letter = Letter { text: text.to_owned(), ..Letter::default() };
    find(&Page::of(&letter)).iter().map(|hit| hit.role).collect()
}

#[test]
fn every_language_file_can_be_read() {
    let mut languages = Vec::new();
    for (language, text) in LANGUAGE_FILES {
        let file = toml::from_str::<LanguageFile>(text)
            .unwrap_or_else(|error| panic!("{language}: {error}"));
        assert!(!file.code.is_empty() && !file.weak_code.is_empty(), "{language} names no code");
        assert!(!file.topic.is_empty() && !file.label.is_empty(), "{language} refuses nothing");
        languages.push(*language);
    }
    for language in [
        "ja", "en", "zh-hans", "zh-hant", "ko", "de", "fr", "es", "pt", "it", "nl", "pl", "ru",
        "tr", "vi", "th", "id", "ar",
    ] {
        assert!(languages.contains(&language), "{language} is missing");
    }
    assert!(BOOK.automaton.is_some());
    assert!(BOOK.phrases.len() < 70_000, "{} phrases cost a cold start", BOOK.phrases.len());
}

#[test]
fn no_phrase_holds_a_mark_that_would_never_match() {
    let mut faults = Vec::new();
    for phrase in &BOOK.phrases {
        if phrase.text.contains(['*', '(', '|']) || phrase.text.ends_with(')') {
            faults.push(format!("{}: {}", phrase.language, phrase.text));
        }
    }
    assert!(faults.is_empty(), "{} phrases:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_word_inside_another_is_none() {
    for text in ["unicode", "encoder", "barcodes", "spinning", "shopping"] {
        assert!(
            !roles(text).iter().any(|role| matches!(role, Role::Code | Role::WeakCode)),
            "{text}"
        );
    }
    assert!(roles("the code").contains(&Role::WeakCode));
}

#[test]
fn a_noun_in_a_longer_noun_is_swallowed() {
    assert!(!roles("クーポンコード").contains(&Role::WeakCode));
    assert!(roles("クーポンコード").contains(&Role::Label(Family::Coupon)));
}

#[test]
fn how_a_phrase_is_written_does_not_matter() {
    for text in ["認証コード", "認証 コード", "認証\nコード", "認証ｺｰﾄﾞ"] {
        assert!(roles(text).contains(&Role::Code), "{text}");
    }
    for text in
        ["verification code", "VERIFICATION CODE", "verifi\u{ad}cation code", "verification\ncode"]
    {
        assert!(roles(text).contains(&Role::Code), "{text}");
    }
    for text in ["código de verificación", "codigo de verificacion", "CÓDIGO DE VERIFICACIÓN"] {
        assert!(roles(text).contains(&Role::Code), "{text}");
    }
}

#[test]
fn alternatives_are_written_out() {
    assert_eq!(expand("a(b|c|)d"), ["abd", "acd", "ad"]);
    assert_eq!(expand("a(b(c|d)|e)f"), ["abcf", "abdf", "aef"]);
    assert_eq!(expand("(a|b) (c|d)*"), ["a c*", "a d*", "b c*", "b d*"]);
}
