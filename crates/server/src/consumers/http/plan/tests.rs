use proptest::prelude::*;

use super::*;
use crate::consumers::schema::Schema;

fn plan(text: &str) -> Plan {
    let text = format!("url = 'http://a'\n{text}");
    Plan::new(&toml::from_str(&text).unwrap()).unwrap()
}

fn value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(Value::Null)),
        any::<bool>().prop_map(|flag| Some(flag.into())),
        any::<i64>().prop_map(|number| Some(number.into())),
        "[a-z]{1,9}".prop_map(|text| Some(text.into())),
        Just(Some(json!([1]))),
        Just(Some(json!({ "accept": "x" }))),
        Just(Some(json!({ "ACCEPT": 1 }))),
    ]
}

fn input() -> impl Strategy<Value = Value> {
    let fields = (value(), value(), value()).prop_map(|(a, doc, headers)| {
        let named = [("a", a), ("doc", doc), ("headers", headers)];
        let there = named
            .into_iter()
            .filter_map(|(name, it)| Some((name.to_owned(), it?)));
        Value::Object(there.collect())
    });
    prop_oneof![
        9 => fields,
        1 => value().prop_map(|value| value.unwrap_or_else(|| json!([]))),
    ]
}

proptest! {
    #[test]
    fn the_schema_of_a_request_and_the_request_agree(input in input()) {
        for text in [
            "path = '/{a}'",
            "query = { q = '{a}' }\nheaders = { x = '{a}' }",
            "body = 'field'\nbody_field = 'doc'",
            "path = '/{a}'\nbody = 'field'\nbody_field = 'a'",
            "body = 'json'\nallow_headers = ['accept']",
            "path = '/{a}'\nallow_headers = ['accept']",
        ] {
            let plan = plan(text);
            let schema = Schema::new(&plan.schema().unwrap()).unwrap();
            let payload = Payload::new(&input).unwrap();
            let fits = schema.check(Some(&payload));
            let fills = plan.fill(Some(&payload)).map(drop);
            prop_assert_eq!(fits.is_ok(), fills.is_ok(), "{} {:?} {:?}", text, fits, fills);
        }
    }
}

#[test]
fn a_request_that_takes_any_input_has_no_schema() {
    assert_eq!(plan("body = 'json'\nmethod = 'POST'").schema(), None);
}
