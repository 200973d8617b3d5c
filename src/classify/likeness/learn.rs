//! Learns the weights of `likeness` from the open set of the corpus: logistic
//! regression with an L2 penalty by coordinate descent in the dual (Yu, Huang
//! and Lin, "Dual coordinate descent methods for logistic regression and maximum
//! entropy models", Machine Learning 85, 2011, algorithm 5).

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{
    CONSTANT, IN_SUBJECT, LEARNT, OF_SUBJECT, ON_PAGE, PAGE_BITS, PAGE_BUCKETS, SUBJECT_BITS,
    TRAITS, View, runs, texts, traits,
};
use crate::classify::Outcome;
use crate::classify::corpus::{Case, folder, read};
use crate::classify::page::Page;
use crate::classify::{phrases, tokens};
use crate::mail;

/// What a mail on the wrong side may cost against a large weight.
const PENALTY: f64 = 100.0;
const ROUNDS: usize = 40;

/// What the subject and one trait count beside the page as a whole, which counts 1.
const SUBJECT: f64 = 0.5;
const TRAIT: f64 = 0.05;
const SUBJECT_BUCKETS: usize = 1 << SUBJECT_BITS;
/// The places of weights: buckets of the page, of the subject, traits, the constant.
const SUBJECT_PLACE: usize = PAGE_BUCKETS;
const TRAIT_PLACE: usize = SUBJECT_PLACE + SUBJECT_BUCKETS;
const CONSTANT_PLACE: usize = TRAIT_PLACE + TRAITS;

/// A mail of the open set.
struct Example {
    /// The places of its weights, each with what it counts.
    values: Vec<(usize, f64)>,
    is_code: bool,
}

impl Example {
    fn of(case: &Case) -> Self {
        let page = Page::of(&mail::parse(&case.bytes()));
        let view = View { page: &page, hits: &phrases::find(&page), tokens: &tokens::find(&page) };
        let (on_page, in_subject) = texts(&page);
        let part = |text: &[char], lengths, bits, place: usize, counts: f64| {
            let mut buckets = Vec::new();
            runs(text, lengths, bits, |bucket| buckets.push(bucket));
            let each = counts / (buckets.len().max(1) as f64).sqrt();
            buckets.into_iter().map(move |bucket| (place + bucket, each))
        };
        let built = traits(view).into_iter().map(|one| (TRAIT_PLACE + one, TRAIT));
        let values = part(&on_page, ON_PAGE, PAGE_BITS, 0, 1.0)
            .chain(part(&in_subject, IN_SUBJECT, SUBJECT_BITS, SUBJECT_PLACE, SUBJECT))
            .chain(built)
            .chain([(CONSTANT_PLACE, 1.0)])
            .collect();
        Self { values, is_code: case.expect == Outcome::Code }
    }

    fn sign(&self) -> f64 {
        if self.is_code { 1.0 } else { -1.0 }
    }

    fn log_odds(&self, weights: &[f64]) -> f64 {
        self.values.iter().map(|(place, value)| weights[*place] * value).sum()
    }

    fn pull(&self, weights: &mut [f64], by: f64) {
        self.values.iter().for_each(|(place, value)| weights[*place] += by * value * self.sign());
    }
}

fn examples() -> Vec<Example> {
    read("open").values().flatten().map(Example::of).collect()
}

/// A digest of the files of the open set.
fn digest() -> Vec<u8> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder("open")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut digest = Sha256::new();
    for path in paths {
        digest.update(std::fs::read(path).unwrap());
    }
    digest.finalize().to_vec()
}

/// The weights by their places.
fn learn(examples: &[Example]) -> Vec<f64> {
    let mut weights = vec![0.0; CONSTANT_PLACE + 1];
    let mut pulls: Vec<f64> = vec![PENALTY * 1e-3; examples.len()];
    for (example, pull) in examples.iter().zip(&pulls) {
        example.pull(&mut weights, *pull);
    }
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..ROUNDS {
        random.shuffle(&mut order);
        for &at in &order {
            let example = &examples[at];
            let margin = example.sign() * example.log_odds(&weights);
            let length: f64 = example.values.iter().map(|(_, value)| value * value).sum();
            let before = pulls[at];
            let mut pull = before;
            for _ in 0..20 {
                let slope = length * (pull - before) + margin + (pull / (PENALTY - pull)).ln();
                let bend = length + PENALTY / (pull * (PENALTY - pull));
                let next = pull - slope / bend;
                // A step past an end goes nine tenths of the way to it.
                pull = if next <= 0.0 {
                    pull * 0.1
                } else if next >= PENALTY {
                    PENALTY - (PENALTY - pull) * 0.1
                } else {
                    next
                };
            }
            pulls[at] = pull;
            example.pull(&mut weights, pull - before);
        }
    }
    weights
}

#[test]
#[ignore = "writes src/classify/likeness.bin: make likeness"]
fn writes_what_is_learnt() {
    let weights = learn(&examples());
    let (page, rest) = weights.split_at(SUBJECT_PLACE);
    let (subject, _) = rest.split_at(SUBJECT_BUCKETS);
    let scale = |part: &[f64]| part.iter().fold(0.0, |most: f64, one| most.max(one.abs())) / 127.0;
    let (page_scale, subject_scale) = (scale(page), scale(subject));
    let mut bytes = digest();
    let built = weights[TRAIT_PLACE..CONSTANT_PLACE].iter().map(|weight| weight * TRAIT);
    let numbers = [weights[CONSTANT_PLACE], page_scale, subject_scale * SUBJECT].into_iter();
    bytes.extend(numbers.chain(built).flat_map(|number| (number as f32).to_le_bytes()));
    for (part, scale) in [(page, page_scale), (subject, subject_scale)] {
        bytes.extend(part.iter().map(|weight| ((weight / scale).round() as i8).cast_unsigned()));
    }
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify/likeness.bin"), bytes)
        .unwrap();
}

#[test]
fn the_weights_are_learnt_from_the_open_set_as_it_is() {
    assert!(
        LEARNT.get(..CONSTANT) == Some(digest().as_slice()),
        "the open set has changed since: run make likeness"
    );
    assert_eq!(LEARNT.len(), OF_SUBJECT + SUBJECT_BUCKETS);
}

/// Learnt without a sixth of the files, the model tells those apart.
#[test]
#[ignore = "takes a minute: make likeness"]
fn learnt_from_some_mails_it_knows_others() {
    let files: Vec<_> = read("open").into_iter().collect();
    let (mut right, mut all) = (0, 0);
    for fold in 0..6 {
        let of = |own: bool| {
            let chosen = files.iter().enumerate().filter(|(at, _)| (at % 6 == fold) == own);
            let cases = chosen.flat_map(|(_, (_, cases))| cases);
            cases.map(Example::of).collect::<Vec<_>>()
        };
        let weights = learn(&of(false));
        for example in of(true) {
            let is_code = example.log_odds(&weights) >= 0.0;
            right += usize::from(is_code == example.is_code);
            all += 1;
        }
    }
    println!("{right} of {all} told apart by mails of other files");
    assert!(right * 100 >= all * 93, "{right} of {all}");
}
