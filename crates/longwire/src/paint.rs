//! Colours, where they are wanted.

use std::io::IsTerminal;

use clap::ValueEnum;
use longwire_client::Status;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn is_wanted(self, terminal: bool) -> bool {
        let refused = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Auto => terminal && !refused() && !dumb(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Puts colours around texts, or does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    wanted: bool,
}

impl Paint {
    pub(crate) fn stdout(color: Color) -> Self {
        let wanted = color.is_wanted(std::io::stdout().is_terminal());
        Self { wanted }
    }

    pub(crate) fn stderr(color: Color) -> Self {
        let wanted = color.is_wanted(std::io::stderr().is_terminal());
        Self { wanted }
    }

    #[cfg(test)]
    pub(crate) const fn none() -> Self {
        Self { wanted: false }
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// In the colour of a status.
    pub(crate) fn status(self, status: Status, text: &str) -> String {
        let code = match status {
            Status::Queued => "36",
            Status::Running => "34",
            Status::Ok => "32",
            Status::Ending | Status::Timeout => "33",
            Status::Failed | Status::Killed | Status::Lost => "31",
        };
        self.with(code, text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.wanted {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
