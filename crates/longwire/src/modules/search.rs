//! `longwire modules search`

use longwire_client::{Found, Search};
use longwire_modules::{Question, listed};
use serde::Deserialize;

use crate::{
    Global,
    args::SearchArgs,
    connect,
    failure::Failure,
    paint::Paint,
    print::{self, plain},
    table,
};

pub(super) async fn run(global: &Global, args: SearchArgs) -> Result<(), Failure> {
    let question = Question {
        lib: all_listed(&args.libs),
        text: args.text,
        limit: args.limit,
        offset: args.offset,
        kind: all_listed(&args.kinds),
        since: args.since,
        catalogue: args.catalogue,
    };
    let search = Search::new(&question).map_err(|error| Failure::Usage(error.to_string()))?;
    let client = connect::briefly(global).await?;
    let found = client.search(search).await;
    client.close().await;
    show(global, &found?)
}

fn all_listed(given: &[String]) -> Vec<String> {
    given.iter().flat_map(|list| listed(list)).collect()
}

fn show(global: &Global, found: &Found) -> Result<(), Failure> {
    if global.json {
        return Ok(print::json(found)?);
    }
    let matches: Vec<Match> = found.data.read().map_err(|error| {
        Failure::Failed(format!("the server's matches cannot be read: {error}"))
    })?;
    for line in lines(Paint::stdout(global.color), &matches, table::width()) {
        print::line(&line)?;
    }
    print::say(&plain(&found.message));
    Ok(())
}

/// A match, as far as it is shown.
#[derive(Deserialize)]
struct Match {
    name: String,
    qualified: String,
    kind: String,
    header: Option<String>,
    since: Option<String>,
    signatures: Vec<Signature>,
    #[serde(rename = "match")]
    how: How,
}

#[derive(Deserialize)]
struct Signature {
    text: String,
}

#[derive(Deserialize)]
struct How {
    alias: Option<String>,
    ranges: Vec<[usize; 2]>,
}

impl Match {
    fn cells(&self) -> [String; 5] {
        let signature = match &*self.signatures {
            [] => String::new(),
            [one] => plain(&one.text),
            [one, others @ ..] => format!("{} (and {} more)", plain(&one.text), others.len()),
        };
        [
            plain(&self.qualified),
            plain(&self.kind),
            self.since.as_deref().map(plain).unwrap_or_default(),
            self.header.as_deref().map(plain).unwrap_or_default(),
            signature,
        ]
    }

    /// What to mark of the whole name, in characters. Nothing where another name was found.
    fn marks(&self) -> impl Iterator<Item = [usize; 2]> {
        let whole = self.qualified.chars().count();
        let before = whole.saturating_sub(self.name.chars().count());
        let shown = self.qualified.ends_with(&self.name) && self.how.alias.is_none();
        let ranges = self.how.ranges.iter().filter(move |_| shown);
        ranges.map(move |[from, to]| [from + before, to + before])
    }
}

fn lines(paint: Paint, matches: &[Match], width: Option<usize>) -> Vec<String> {
    let rows: Vec<_> = matches.iter().map(Match::cells).collect();
    table::aligned(&rows, width, |row, column, cell| match column {
        0 => marked(paint, cell, matches.get(row)),
        4 => paint.dim(cell),
        _ => cell.to_owned(),
    })
}

/// A name with the letters that fit in bold. It may have been cut.
fn marked(paint: Paint, cell: &str, found: Option<&Match>) -> String {
    let letters: Vec<char> = cell.chars().collect();
    let text = |from: usize, to: usize| -> String {
        let to = to.min(letters.len());
        letters[from.min(to)..to].iter().collect()
    };
    let (mut line, mut at) = (String::new(), 0);
    for [from, to] in found.into_iter().flat_map(Match::marks) {
        line += &text(at, from);
        let bold = text(from, to);
        if !bold.is_empty() {
            line += &paint.bold(&bold);
        }
        at = to;
    }
    line + &text(at, letters.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches() -> Vec<Match> {
        let sets = json!([
            {"name": "push_back", "qualified": "std::vector::push_back", "lib": "vector", "kind": "function", "header": "vector",
                "since": "C++98", "url": null, "signatures": [{"text": "void push_back(const T& value)"}, {"text": "void push_back(T&& value)"}],
                "match": {"how": "prefix", "ranges": [[0, 4]]}},
            {"name": "basic_string", "qualified": "std::basic_string", "lib": "string", "kind": "class", "header": null, "since": null,
                "url": null, "signatures": [], "match": {"how": "exact", "alias": "string", "ranges": [[0, 6]]}},
        ]);
        serde_json::from_value(sets).unwrap()
    }

    #[test]
    fn a_match_is_a_line() {
        let expected = [
            "std::vector::push_back  function  C++98  vector  void push_back(const T& value) (and 1 more)",
            "std::basic_string       class",
        ];
        assert_eq!(lines(Paint::none(), &matches(), None), expected);
    }

    #[test]
    fn what_fits_is_bold_also_where_the_line_is_cut() {
        let paint = Paint::stdout(crate::paint::Color::Always);
        let found = &matches()[0];
        for (cell, expected) in [
            (
                "std::vector::push_back",
                "std::vector::\u{1b}[1mpush\u{1b}[0m_back",
            ),
            ("std::vector::pu…", "std::vector::\u{1b}[1mpu…\u{1b}[0m"),
            ("std…", "std…"),
            ("", ""),
        ] {
            assert_eq!(marked(paint, cell, Some(found)), expected);
        }
        assert_eq!(
            marked(paint, "std::basic_string", matches().get(1)),
            "std::basic_string"
        );
    }
}
