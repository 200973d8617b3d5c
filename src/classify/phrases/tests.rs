//! Claims on the phrase data and on how phrases are found.

use super::*;
use crate::classify::fold::fold;
use crate::mail::Letter;

include!(concat!(env!("OUT_DIR"), "/language_files.rs"));

fn roles(text: &str) -> Vec<Role> {
    let letter = Letter { text: text.to_owned(), ..Letter::default() };
    find(&Page::of(&letter)).iter().map(|hit| hit.role).collect()
}

#[test]
fn every_language_names_codes_and_what_is_none() {
    let mut languages = Vec::new();
    for (language, text) in LANGUAGE_FILES {
        let entries = source::read(text).unwrap_or_else(|fault| panic!("{language}: {fault:?}"));
        for role in ["Role::Code", "Role::WeakCode", "Role::Label(", "Role::Topic("] {
            let has = entries.iter().any(|entry| entry.role.starts_with(role));
            assert!(has, "{language} has no phrase of {role}");
        }
        languages.push(*language);
    }
    for language in [
        "ja", "en", "zh-hans", "zh-hant", "ko", "de", "fr", "es", "pt", "it", "nl", "pl", "ru",
        "tr", "vi", "th", "id", "ar",
    ] {
        assert!(languages.contains(&language), "{language} is missing");
    }
}

#[test]
fn every_phrase_of_every_file_is_found_on_a_page() {
    let trie = TRIE.as_ref().expect("the build script's trie can be read");
    let mut missing = Vec::new();
    for (language, text) in LANGUAGE_FILES {
        for entry in source::read(text).unwrap_or_default() {
            let folded = fold(&entry.text);
            let page = Page { folded, ..Page::default() };
            let mut found = Vec::new();
            walk(trie, &page, 0, &mut found);
            let end = page.folded.len();
            if !found.iter().any(|hit| hit.end == end && format!("{:?}", hit.role) == named(&entry))
            {
                missing.push(format!("{language}:{}: {}", entry.line, entry.text));
            }
        }
    }
    assert!(missing.is_empty(), "{} phrases:\n{}", missing.len(), missing.join("\n"));
}

/// The role of an entry as `Debug` writes it.
fn named(entry: &source::Entry) -> String {
    ["Role::", "Family::", "Kind::"]
        .iter()
        .fold(entry.role.clone(), |role, path| role.replace(path, ""))
}

#[test]
fn a_fault_in_a_file_is_named_with_its_line() {
    for (file, line) in [
        ("code = [\n  \"code\",\n  \"(a|b\",\n]", 3),
        ("code = [\n  \"a)\",\n]", 2),
        ("code = [\n  \"a|b\",\n]", 2),
        ("code = [\n  \"co*de\",\n]", 2),
        ("code = [\n  \"(a|)\",\n]", 2),
        ("code = [\n  3,\n]", 2),
        ("\ncodes = []", 2),
        ("[label]\ncoupons = []", 2),
        ("[label]\ncoupon = [\n  \"a\"\n  \"b\"\n]", 4),
    ] {
        let fault = source::read(file).expect_err(file);
        assert_eq!(fault.line, line, "{file}: {}", fault.message);
    }
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
    assert_eq!(source::expand("a(b|c|)d"), ["abd", "acd", "ad"]);
    assert_eq!(source::expand("a(b(c|d)|e)f"), ["abcf", "abdf", "aef"]);
    assert_eq!(source::expand("(a|b) (c|d)*"), ["a c*", "a d*", "b c*", "b d*"]);
}
