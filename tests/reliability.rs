//! The tables of `docs/reliability.md`: each row names a test, and each test
//! that is named exists.

use std::path::Path;

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

/// What a name between backticks stands for, if it is there: `module::test`,
/// `test_….py::test`, `test_….py` or a folder.
fn exists(name: &str) -> bool {
    let holds = |paths: &[String], line: String| {
        paths.iter().filter_map(|path| read(path)).any(|text| text.contains(&line))
    };
    match name.split_once("::") {
        Some((file, test)) if file.ends_with(".py") => {
            holds(&[format!("tests/e2e/{file}"), format!("infra/{file}")], format!("\ndef {test}("))
        }
        Some((module, test)) => holds(
            &[format!("tests/{module}.rs"), format!("tests/{module}/mod.rs")],
            format!("fn {test}("),
        ),
        None if name.ends_with('/') => Path::new(env!("CARGO_MANIFEST_DIR")).join(name).is_dir(),
        None => read(&format!("tests/e2e/{name}")).is_some(),
    }
}

#[test]
fn every_row_names_a_test_that_exists() {
    let page = read("docs/reliability.md").unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("| --- |"))
        .map(|line| line.trim_matches('|').split('|').collect())
        .filter(|row: &Vec<&str>| !row.last().is_some_and(|last| last.contains("where")))
        .collect();
    assert!(rows.len() > 20, "{} rows were found", rows.len());
    for row in rows {
        let [what, _, tested] = row.as_slice() else { panic!("not three columns: {row:?}") };
        let names: Vec<&str> = tested.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test is named for:{what}");
        for name in names {
            assert!(exists(name), "`{name}` does not exist, named for:{what}");
        }
    }
    assert!(!exists("storm::no_such_test") && !exists("test_storm.py::test_no_such"));
}
