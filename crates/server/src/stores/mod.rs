//! Where logs are kept: a file or folder each, over one picture of what is kept, and this table.

pub mod embedded;
pub mod memory;
mod state;

use std::sync::Arc;

use longwire_engine::Store;

use self::{
    embedded::{EmbeddedStore, Folder},
    memory::MemoryStore,
};
use crate::{BindError, config::Config, terms};

/// The store that a configuration asks for.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn Store>, BindError> {
    let dir = config
        .store
        .dir
        .as_ref()
        .filter(|_| !config.store.ephemeral);
    let Some(dir) = dir else {
        return Ok(Arc::new(MemoryStore::new(terms::of_retention(config))));
    };
    let failed = |source| BindError::Store {
        dir: dir.clone(),
        source,
    };
    let folder = Folder::new(dir, config.store.reserve_bytes).map_err(failed)?;
    let settings = terms::of_store(config);
    let store = EmbeddedStore::open(Arc::new(folder), settings).map_err(failed)?;
    Ok(Arc::new(store))
}
