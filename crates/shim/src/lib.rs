//! A command and everything it starts, in one hand.
//!
//! A server does not start a command itself but a *shim*: this program again, as a process of its own, which starts the
//! command and is its keeper. The shim is a *child subreaper* (`prctl(2)`): whatever a descendant of the command does, forks
//! twice, leaves its session, outlives its parent, it becomes a child of the shim and of nobody else. So the shim can see
//! all that is left, kill it, and know by `waitpid(2)` that nothing is: "no child" is the kernel's word, not a guess.
//!
//! Where a cgroup can be had (version 2, and the server may make one below its own) the command is in one of its own besides:
//! one write kills all of it, and it can be killed by the server where the shim itself is gone.
//!
//! ```text
//! server ── orders (stdin) ──►  shim ── starts ──►  stage ── becomes ──►  the command
//!        ◄── reports (stdout) ──    ◄── pipes: its stdout and stderr ──
//! ```
//!
//! The *stage* is this program a third time, between the fork and the command: it opens a session of its own, sets limits,
//! closes what it should not inherit, and then becomes the command. It is there as that cannot be done from Rust between fork
//! and exec without `unsafe`.
//!
//! Where the server goes away, by whatever end, the shim sees the end of its orders, and the command is asked to end, then
//! forced: nothing is left behind by a server that was killed.
//!
//! A program that serves commands calls [`hook()`] first of all in its `main`, and starts shims with [`command`]; [`wire`] is what
//! server and shim say to one another.

mod begin;
mod cgroup;
mod clock;
mod family;
mod feed;
mod hook;
mod limits;
mod lost;
mod pump;
mod serve;
mod stage;
pub mod wire;

pub use begin::find;
pub use cgroup::Cgroup;
pub use hook::{command, hook, is_hooked};
pub use limits::Limits;
pub use lost::{Lost, wake};

/// The name of a signal, such as `SIGKILL`.
#[must_use]
pub fn signal_name(number: i32) -> &'static str {
    match nix::sys::signal::Signal::try_from(number) {
        Ok(signal) => signal.as_str(),
        Err(_) => "a signal",
    }
}
