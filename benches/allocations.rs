//! How often, and how many bytes, one mail of each shape allocates: parse with
//! classify, against mail-parser. Counted by dhat, written to
//! `benches/results/allocations.json`.

use std::hint::black_box;

use benches::{letters, rival, root};
use dhat::{Alloc, HeapStats, Profiler};
use hansho::{classify, mail};
use serde_json::{Map, Value, json};

#[global_allocator]
static ALLOCATOR: Alloc = Alloc;

fn count(work: impl Fn()) -> Value {
    // What is made once, such as the phrase book, is no mail's own.
    work();
    let before = HeapStats::get();
    work();
    let after = HeapStats::get();
    json!({
        "blocks": after.total_blocks - before.total_blocks,
        "bytes": after.total_bytes - before.total_bytes,
    })
}

fn main() {
    let _profiler = Profiler::builder().testing().build();
    let mut shapes = Map::new();
    for letters::Sample { name, raw } in letters::samples() {
        let judged = || {
            let letter = mail::parse(black_box(&raw));
            drop(black_box(classify::classify(&letter, &classify::Reader::default())));
        };
        let shape = json!({
            "mail_bytes": raw.len(),
            "parse": count(|| drop(black_box(mail::parse(black_box(&raw))))),
            "parse+classify": count(judged),
            "mail-parser": count(|| drop(black_box(rival::read(black_box(&raw))))),
        });
        shapes.insert(name.to_owned(), shape);
    }
    let text = serde_json::to_string_pretty(&shapes).expect("numbers are JSON");
    println!("{text}");
    std::fs::write(root().join("benches/results/allocations.json"), text + "\n")
        .expect("the results can be written");
}
