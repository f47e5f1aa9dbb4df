//! Requests of zero time: what a request costs.

use anyhow::Result;

use crate::contenders::Target;
use crate::workloads::closed::{self, Span};
use crate::workloads::figures::Measured;

/// Sockets of a load.
pub(crate) const SOCKETS: usize = 64;

pub(crate) fn measure(target: &Target, depth: usize, span: Span) -> Result<Measured> {
    closed::measure(target, SOCKETS, depth, span)
}
