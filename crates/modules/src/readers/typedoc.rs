use super::{Broken, Reading, Source};
use crate::Builder;
pub(super) fn is(_: &str) -> bool {
    false
}
pub(super) fn read(_: Source<'_>, _: &Reading<'_>) -> Result<Builder, Broken> {
    Err(Broken::new("todo"))
}
