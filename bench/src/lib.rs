//! Measures Longwire beside its peers and its floors: `bench/README.md` says what is compared, and how.
#![allow(clippy::print_stdout, reason = "figures are what this program is for")]

pub mod cli;
mod contenders;
pub mod dialects;
mod load;
mod machine;
mod moment;
mod process;
pub mod workloads;
