//! Who serves routes: a file each, and this table.

mod timer;

use std::sync::Arc;

use longwire_engine::Consumer;

use crate::config::ConsumerConfig;

/// The consumer that a route's configuration names.
pub(crate) fn consumer(config: &ConsumerConfig) -> Arc<dyn Consumer> {
    match config {
        ConsumerConfig::Timer => Arc::new(timer::Timer),
    }
}
