//! How a schema refers to itself, and so how much work an input can make of it.

use serde_json::Value;

use super::Mistake;

/// Where a schema refers to its own parts.
pub(super) struct Reach {
    references: Vec<Reference>,
    /// Those that lead back to where they stand.
    round: usize,
    /// It has alternatives: each of them is told of whole.
    forks: bool,
}

struct Reference {
    /// The keys on the way to it.
    path: Vec<String>,
    /// What it leads to, as a JSON Pointer: the whole schema, where that cannot be told from its text.
    target: String,
    resolves: bool,
}

impl Reach {
    /// # Errors
    /// The first reference that leads out of the schema.
    pub(super) fn of(schema: &Value) -> Result<Self, Mistake> {
        let mut reach = Self {
            references: Vec::new(),
            round: 0,
            forks: false,
        };
        reach.walk(schema, schema, &mut Vec::new())?;
        let all = 0..reach.references.len();
        reach.round = all.filter(|at| reach.leads_back(*at)).count();
        Ok(reach)
    }

    /// A bound of the values that are looked at for every mistake of an input.
    pub(super) fn work(&self, input: &Value) -> usize {
        let (values, depth) = size(input);
        values.saturating_mul(self.round.max(1).saturating_pow(depth))
    }

    /// Whether the work ends with the first mistake, and is one way through the input.
    pub(super) const fn stops_at_first(&self) -> bool {
        self.round <= 1 && !self.forks
    }

    /// What is told without its place is told of the reference that leads nowhere, if there is one.
    pub(super) fn blame(&self, mistake: Mistake) -> Mistake {
        let lost = self.references.iter().find(|it| !it.resolves);
        match lost {
            Some(reference) if mistake.path.is_empty() => Mistake {
                path: reference.path.clone(),
                ..mistake
            },
            Some(_) | None => mistake,
        }
    }

    fn walk(&mut self, root: &Value, place: &Value, path: &mut Vec<String>) -> Result<(), Mistake> {
        let entries: Vec<(String, &Value)> = match place {
            Value::Object(keys) => keys.iter().map(|(key, at)| (key.clone(), at)).collect(),
            Value::Array(items) => {
                let numbered = items.iter().enumerate();
                numbered.map(|(at, it)| (at.to_string(), it)).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Ok(()),
        };
        for (key, value) in entries {
            self.forks |= matches!(key.as_str(), "anyOf" | "oneOf");
            let refers = matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef");
            path.push(key);
            match value.as_str().filter(|_| refers) {
                Some(target) => self.refer(root, path, target)?,
                None => self.walk(root, value, path)?,
            }
            path.pop();
        }
        Ok(())
    }

    fn refer(&mut self, root: &Value, path: &[String], target: &str) -> Result<(), Mistake> {
        let Some(within) = target.strip_prefix('#') else {
            let what =
                format!("is {target:?}; it must begin with \"#\": a schema refers to itself");
            return Err(Mistake {
                path: path.to_vec(),
                what,
            });
        };
        let resolves = root.pointer(within).is_some();
        self.references.push(Reference {
            path: path.to_vec(),
            target: if resolves { within } else { "" }.to_owned(),
            resolves,
        });
        Ok(())
    }

    /// Whether going from one reference to those within its target comes back to it.
    fn leads_back(&self, start: usize) -> bool {
        let mut open = vec![start];
        let mut seen = vec![false; self.references.len()];
        while let Some(from) = open.pop() {
            for (to, reference) in self.references.iter().enumerate() {
                if seen[to] || !is_within(&reference.path, &self.references[from].target) {
                    continue;
                }
                if to == start {
                    return true;
                }
                seen[to] = true;
                open.push(to);
            }
        }
        false
    }
}

/// Whether a place is in the part that a pointer leads to.
fn is_within(path: &[String], pointer: &str) -> bool {
    let escaped = path
        .iter()
        .map(|key| key.replace('~', "~0").replace('/', "~1"));
    let place: String = escaped.map(|key| format!("/{key}")).collect();
    let rest = place.strip_prefix(pointer);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// How many values there are in one, and how deep it nests.
fn size(value: &Value) -> (usize, u32) {
    let within: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(keys) => keys.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return (1, 0),
    };
    let sizes = within.into_iter().map(size);
    sizes.fold((1, 1), |(values, depth), (more, deep)| {
        (values + more, depth.max(deep + 1))
    })
}
