//! Every alert is a document of the published schema.

use std::collections::BTreeSet;

use super::*;

const SCHEMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/infra/alert.schema.json"));

#[test]
fn every_alert_is_valid() {
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
    let keys =
        ["rakuten-sec", "domain:shop.example.com", "domain:invalid", "*", "no such\nservice"];
    for facts in every_alert(SUNDAY_NIGHT_MS) {
        for (language, key) in LANGUAGES.into_iter().flat_map(|l| keys.map(|key| (l, key))) {
            for kind in KINDS {
                let facts = Facts { service_key: key.into(), kind, ..facts.clone() };
                let alert = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
                let errors: Vec<_> =
                    validator.iter_errors(&alert.json).map(|e| e.to_string()).collect();
                assert!(errors.is_empty(), "{errors:?}\n{}", alert.json);
            }
        }
    }
}

#[test]
fn the_schema_documents_every_field_and_refuses_others() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let properties = schema["properties"].as_object().expect("it has properties");
    for (name, property) in properties {
        assert!(property["description"].is_string(), "{name} is not documented");
    }
    let facts = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    let alert = compose(&facts, &tokyo(Language::Ja), SUNDAY_NIGHT_MS);
    let fields = alert.json.as_object().expect("an alert is an object");
    let names = |map: &serde_json::Map<_, _>| map.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(names(fields), names(properties));

    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
    let mut more = alert.json.clone();
    more["code"] = "1234".into();
    assert!(!validator.is_valid(&more));
}
