//! The questions of the search, put to a server with nothing but its standard library.

use serde_json::json;

use crate::{names, with_server};

const QUESTIONS: [&str; 2] = [
    include_str!("../../../modules/tests/fixtures/questions.tsv"),
    include_str!("../../../modules/tests/fixtures/questions2.tsv"),
];

#[test]
fn what_is_meant_comes_first_from_a_server_too() {
    with_server("", async |world| {
        let (mut asked, mut first, mut third) = (0.0, 0.0, 0.0);
        let mut missed = String::new();
        let rows = QUESTIONS.iter().flat_map(|table| table.lines());
        for row in rows.filter(|row| !row.starts_with("# ")) {
            let cells: Vec<&str> = row.split('\t').collect();
            let [text, libs, expected] = cells[..] else {
                panic!("three cells: {row}")
            };
            let libs: Vec<&str> = libs.split(',').filter(|lib| !lib.is_empty()).collect();
            let found = world
                .ask(json!({"lib": libs, "text": text, "limit": 3}))
                .await;
            let found = names(&found.unwrap());
            let expected: Vec<&str> = expected.split('|').filter(|it| !it.is_empty()).collect();
            let place = match (&*expected, &*found) {
                ([], []) => Some(0),
                _ => found.iter().position(|name| expected.contains(&&**name)),
            };
            asked += 1.0;
            first += f64::from(place == Some(0));
            third += f64::from(place.is_some());
            if place != Some(0) {
                missed += &format!("{row}: {found:?}\n");
            }
        }
        let (first, third) = (first / asked, third / asked);
        println!("{asked} questions: hit@1 {first:.4}, hit@3 {third:.4}\n{missed}");
        assert!(first >= 0.97, "hit@1 {first:.4}\n{missed}");
        assert!(third >= 0.99, "hit@3 {third:.4}\n{missed}");
    });
}
