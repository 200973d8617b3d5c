//! What the function counts, in CloudWatch's embedded metric format: a line of
//! JSON on the log that CloudWatch turns into metrics, at no call's cost.
//! No person, address or key is ever a dimension.

use serde_json::{Map, Value, json};

const NAMESPACE: &str = "hansho";

/// Writes a metric line to where CloudWatch reads it.
#[expect(
    clippy::print_stdout,
    reason = "CloudWatch reads metrics from the function's standard output"
)]
pub(super) fn emit(line: &str) {
    println!("{line}");
}

/// One metric line, with its dimension if it has one.
pub(super) fn line(
    at_ms: i64,
    name: &str,
    unit: &str,
    value: i64,
    dimension: Option<(&str, &str)>,
) -> String {
    let mut root = Map::new();
    let dimensions: Vec<&str> = dimension.iter().map(|(name, _)| *name).collect();
    root.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": at_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
                "Metrics": [{"Name": name, "Unit": unit}],
            }],
        }),
    );
    root.insert(name.to_owned(), json!(value));
    if let Some((name, value)) = dimension {
        root.insert(name.to_owned(), json!(value));
    }
    Value::Object(root).to_string()
}
