//! Measures Longwire beside its peers and its floors: `bench/README.md` says what is compared, and how.
#![allow(clippy::print_stdout, reason = "figures are what this program is for")]

pub mod cli;
mod contenders;
pub mod dialects;
mod load;
mod machine;
mod made_up;
mod moment;
mod origin;
mod pace;
mod patience;
pub mod printing;
mod process;
mod report;
mod results;
mod rounds;
mod run;
pub mod workloads;
