use std::{fmt, io, path::PathBuf};

use thiserror::Error;

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// The file that was asked for.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The configuration has these mistakes, at least one, in the order of their lines.
    #[error("{}", lines(.0))]
    Mistaken(Vec<Mistake>),
}

/// One mistake in a configuration. It displays as `config.toml:12: text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file and the line, from 1; `None` where the configuration did not come from a file.
    pub place: Option<(String, usize)>,
    /// What is wrong: the key's full path, what it is, and what would be right.
    pub text: String,
}

impl Mistake {
    pub(super) fn of_no_line(text: String) -> Self {
        Self { place: None, text }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((file, line)) => write!(f, "{file}:{line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl From<Mistake> for ConfigError {
    fn from(mistake: Mistake) -> Self {
        Self::Mistaken(vec![mistake])
    }
}

/// `Ok` where there are no mistakes; otherwise all of them, by line.
pub(super) fn settled(mut mistakes: Vec<Mistake>) -> Result<(), ConfigError> {
    if mistakes.is_empty() {
        return Ok(());
    }
    mistakes.sort_by_key(|mistake| mistake.place.as_ref().map(|(_, line)| *line));
    Err(ConfigError::Mistaken(mistakes))
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
