//! Why a command was not done, for people: what was wrong, what was got, what would be right.

use std::io;

use longwire_client::{Code, Error};
use longwire_protocol::RefusalFrame;

use crate::{Global, exit::Exit, paint::Paint, print};

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for makes no sense.
    Usage(String),
    /// What was asked for could not be done here.
    Failed(String),
    /// The server did not do it.
    Client(Error),
    /// A job that was followed is no longer known.
    Forgotten { job: String, error: Error },
    /// What was to be printed could not be.
    Io(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Failure {
    /// Says it and comes to an exit code.
    pub(crate) fn report(&self, global: &Global) -> Exit {
        let exit = self.exit();
        if exit == Exit::Pipe {
            return exit;
        }
        if let (true, Self::Client(Error::Refused(refusal))) = (global.json, self) {
            let frame = RefusalFrame::new(None, None, (**refusal).clone());
            // The words below say the same.
            let _ = print::json(&frame);
        }
        let paint = Paint::stderr(global.color);
        print::say(&format!("{} {self}", paint.red("error:")));
        exit
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Failed(_) => Exit::Failed,
            Self::Forgotten { .. } => Exit::Lost,
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Pipe,
            Self::Io(_) => Exit::Failed,
            Self::Client(error) => exit_of(error),
        }
    }

    /// The same, where it ends the events of a job that was followed.
    pub(crate) fn of_job(error: Error, job: &str) -> Self {
        let code = error.refusal().map(|refusal| refusal.code);
        match code {
            Some(Code::UnknownConnid | Code::Expired) => Self::Forgotten {
                job: job.to_owned(),
                error,
            },
            _ => Self::Client(error),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => f.write_str(text),
            Self::Client(error @ Error::Unreachable { .. }) => write!(
                f,
                "{error}; start one with `longwire serve`, or say where it is with --server"
            ),
            Self::Client(error @ Error::NotLongwire { .. }) => {
                write!(f, "{error}; say with --server where the server is")
            }
            Self::Client(error) => write!(f, "{error}"),
            Self::Forgotten { job, error } => write!(
                f,
                "{job} is lost: the server no longer knows it, so it was started anew or keeps it no longer ({error})"
            ),
            Self::Io(error) => write!(f, "cannot print: {error}"),
        }
    }
}

fn exit_of(error: &Error) -> Exit {
    match error.code() {
        "invalid_address" | "tls" => Exit::Usage,
        "unreachable" | "not_longwire" | "connection_lost" | "no_reply" => Exit::Unreachable,
        "closed_by_server" => Exit::Refused,
        _ if error.refusal().is_some() => Exit::Refused,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use longwire_client::Refusal;

    use super::*;

    #[test]
    fn errors_have_exit_codes_and_say_what_to_do() {
        let refused = |code| Error::Refused(Box::new(Refusal::new(code, "no")));
        let unreachable = Error::Unreachable {
            server: "http://127.0.0.1:8000".to_owned(),
            why: "connection refused".to_owned(),
        };
        for (failure, exit, says) in [
            (
                Failure::Client(unreachable),
                4,
                "no Longwire at http://127.0.0.1:8000 (connection refused); start one with `longwire serve`, or say where it is with --server",
            ),
            (
                Failure::Client(refused(Code::ConnidInUse)),
                3,
                "no (connid_in_use)",
            ),
            (Failure::Client(refused(Code::Internal)), 3, "no (internal)"),
            (
                Failure::of_job(refused(Code::UnknownConnid), "42"),
                5,
                "42 is lost: the server no longer knows it, so it was started anew or keeps it no longer (no (unknown_connid))",
            ),
            (
                Failure::Client(Error::Address("x".to_owned())),
                2,
                "\"x\" is not the address of a Longwire server; it must be like http://127.0.0.1:8000",
            ),
            (Failure::Usage("wrong".to_owned()), 2, "wrong"),
            (
                Failure::Io(io::ErrorKind::BrokenPipe.into()),
                141,
                "cannot print: broken pipe",
            ),
        ] {
            assert_eq!(failure.exit().number(), exit, "{failure}");
            assert_eq!(failure.to_string(), says);
        }
    }
}
