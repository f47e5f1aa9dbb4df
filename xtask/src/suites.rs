//! What the steps run.

pub(crate) mod asyncapi;
pub(crate) mod autobahn;
pub(crate) mod clients;
pub(crate) mod conformance;
pub(crate) mod console;
pub(crate) mod examples;
pub(crate) mod fuzz;
pub(crate) mod instructions;
pub(crate) mod mutants;
pub(crate) mod python;
pub(crate) mod rest;
pub(crate) mod rust;
pub(crate) mod torture;
pub(crate) mod typescript;
