//! What the server speaks, for machines: made from the types that it is spoken with.

mod asyncapi;
mod examples;
mod files;
mod openapi;
mod responses;
mod schemas;
mod search;

pub use asyncapi::asyncapi;
pub use files::{SCHEMAS, SchemaFile};
pub use openapi::openapi;
pub(crate) use openapi::openapi_of;
