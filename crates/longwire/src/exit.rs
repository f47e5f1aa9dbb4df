//! What the exit code tells.

use std::process::ExitCode;

use longwire_client::Outcome;

/// How a command ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Failed,
    Usage,
    Refused,
    Unreachable,
    Lost,
    Timeout,
    Left,
    Killed,
    Pipe,
}

impl Exit {
    /// Every exit, in the order of its code.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::Unreachable,
        Self::Lost,
        Self::Timeout,
        Self::Left,
        Self::Killed,
        Self::Pipe,
    ];

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Unreachable => 4,
            Self::Lost => 5,
            // As timeout(1) has it, and shells have it for SIGINT, SIGKILL and SIGPIPE.
            Self::Timeout => 124,
            Self::Left => 130,
            Self::Killed => 137,
            Self::Pipe => 141,
        }
    }

    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self.number())
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok => Self::Ok,
            Outcome::Failed => Self::Failed,
            Outcome::Killed => Self::Killed,
            Outcome::Timeout => Self::Timeout,
            Outcome::Lost => Self::Lost,
        }
    }
}

/// The codes, for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0    ok
  1    the job failed, or the command did
  2    the command line was wrong
  3    the server refused
  4    the server cannot be reached
  5    the job is lost: whoever served it is gone
  124  the job ran out of time
  130  left with Ctrl-C or SIGTERM: the job goes on
  137  the job was killed
  141  nobody reads the output any more";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_help() {
        let listed: Vec<u8> = HELP
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, Exit::ALL.map(Exit::number));
    }

    #[test]
    fn outcomes_have_codes_of_their_own() {
        let codes = Outcome::ALL.map(|outcome| Exit::from(outcome).number());
        assert_eq!(codes, [0, 1, 137, 124, 5]);
    }
}
