//! What may have been meant by a key that does not exist.

use toml::{Spanned, de::DeValue};

use super::{
    shape::{Field, Section, Shape},
    source::dotted,
};

/// How alike two keys are, from 0 to 1, so that one may be meant by the other.
const ALIKE: f64 = 0.85;

/// A key that is not valid in the place where it stands.
pub(super) struct UnknownKey<'a> {
    pub(super) path: &'a [&'a str],
    pub(super) value: &'a Spanned<DeValue<'a>>,
    /// The table that it stands in.
    pub(super) section: &'a Section,
    /// The fields that are valid there.
    pub(super) fields: &'a [&'a Field],
}

impl UnknownKey<'_> {
    /// The best guess, as the end of a sentence.
    pub(super) fn hint(&self, root: &Shape) -> String {
        let Some((key, above)) = self.path.split_last() else {
            return String::new();
        };
        self.near(key, above)
            .or_else(|| self.of_other_variant(key))
            .or_else(|| self.part_of_a_name(key, above, root))
            .or_else(|| elsewhere(key, root))
            .unwrap_or_else(|| self.valid_keys())
    }

    fn near(&self, key: &str, above: &[&str]) -> Option<String> {
        let alike = |field: &&Field| (strsim::jaro_winkler(key, &field.name), field.name.clone());
        let (likeness, near) = self
            .fields
            .iter()
            .map(alike)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        (likeness >= ALIKE)
            .then(|| format!("did you mean `{}`?", dotted(&[above, &[&near]].concat())))
    }

    fn of_other_variant(&self, key: &str) -> Option<String> {
        let variants = self.section.variants.as_ref()?;
        let has_key = |fields: &[Field]| fields.iter().any(|field| field.name == key);
        let branch = variants
            .branches
            .iter()
            .find(|branch| has_key(&branch.fields))?;
        Some(format!("it goes with `{} = {:?}`", branch.tag, branch.word))
    }

    /// `[routes.media.encode]`, where `[routes."media.encode"]` is meant.
    fn part_of_a_name(&self, key: &str, above: &[&str], root: &Shape) -> Option<String> {
        let (name, parents) = above.split_last()?;
        let is_name =
            self.value.get_ref().is_table() && matches!(root.at(parents), Some(Shape::Named(_)));
        let whole = format!("{name}.{key}");
        let path = dotted(&[parents, &[&whole]].concat());
        is_name.then(|| format!("a name with a dot is put in quotes: `{path}`"))
    }

    fn valid_keys(&self) -> String {
        let names: Vec<_> = self
            .fields
            .iter()
            .map(|field| format!("`{}`", field.name))
            .collect();
        format!("the keys here are {}", names.join(", "))
    }
}

/// The same key in another table: in TOML a key belongs to the header above it, which is easily
/// overlooked.
fn elsewhere(key: &str, root: &Shape) -> Option<String> {
    let paths = root.paths();
    let path = paths
        .iter()
        .find(|path| path.rsplit('.').next() == Some(key))?;
    Some(format!("did you mean `{path}`?"))
}
