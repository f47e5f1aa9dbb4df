//! The catalogues that this server has, and how they are searched without anyone else having to wait.

mod files;
mod kept;
mod turns;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use longwire_modules::{Catalogue, Lazy, Query, Shelf, cpp, search};
use longwire_protocol::{Code, ModuleState, ModulesPage, Payload, Refusal};
use parking_lot::Mutex;

pub(crate) use files::{Bounds, Configured, Files};
use kept::{Kept, Key};
pub(crate) use turns::Asker;
use turns::Turns;
pub(crate) use words::refusal;

/// Symbols of a catalogue that is searched where it is asked. Most searches of one take less time than to have another thread do it,
/// and the worst keep that one thread 2 ms.
const SMALL: usize = 20_000;

/// All catalogues. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Modules {
    shelf: Arc<Shelf>,
    /// Of the catalogues of files that have any, by name.
    troubles: Arc<Mutex<BTreeMap<String, Trouble>>>,
    kept: Arc<Kept>,
    turns: Arc<Turns>,
}

/// What is wrong with the file of a catalogue, and how the catalogue stands.
#[derive(Clone)]
struct Trouble {
    state: ModuleState,
    why: String,
}

/// The answer to a question, and the name of exactly that answer.
pub(crate) struct Answer {
    pub(crate) message: String,
    /// The matches of a page, as JSON.
    pub(crate) data: Payload,
    pub(crate) tag: String,
}

impl Answer {
    /// Bytes of its texts.
    fn bytes(&self) -> usize {
        self.message.len() + self.data.as_str().len() + self.tag.len()
    }
}

impl Modules {
    /// The standard library of C++.
    pub(crate) fn new() -> Self {
        let shelf = Arc::new(Shelf::new());
        shelf.put(cpp());
        Self {
            shelf,
            troubles: Arc::default(),
            kept: Arc::default(),
            turns: Arc::default(),
        }
    }

    /// Answers a question. Over a small catalogue this is ready when it is first polled; over a large one, or one that has to be
    /// built first, it is done elsewhere.
    ///
    /// # Errors
    /// Where the catalogue or all libraries are unknown, where the catalogue cannot be read, or where too many searches wait.
    pub(crate) async fn answer(&self, query: Query, asker: &Asker) -> Result<Arc<Answer>, Refusal> {
        let catalogue = self.shelf.find(query.catalogue()).map_err(refusal)?;
        let catalogue = self.turns.build(&catalogue).await?;
        let key: Key = (catalogue.digest().into(), query);
        if let Some(kept) = self.kept.get(&key) {
            return Ok(kept);
        }
        if catalogue.len() <= SMALL {
            return self.kept.answer(&catalogue, key);
        }
        let kept = Arc::clone(&self.kept);
        let search = move || kept.answer(&catalogue, key);
        self.turns.take(asker, search).await?
    }

    /// What there is to be searched.
    pub(crate) async fn list(&self) -> ModulesPage {
        let all = self.shelf.all();
        let troubles = self.troubles.lock().clone();
        for catalogue in &all {
            // What cannot be built is listed as that.
            drop(self.turns.build(catalogue).await);
        }
        words::page(&all, &troubles)
    }

    /// A catalogue will be there, but is not yet; one of that name that is there stays.
    fn begin(&self, name: &str, why: &str) {
        if self.shelf.find(Some(name)).is_err() {
            self.shelf.put(Lazy::missing(name, why));
            let (state, why) = (ModuleState::Reading, why.to_owned());
            self.troubled(name, Trouble { state, why });
        }
    }

    fn troubled(&self, name: &str, trouble: Trouble) {
        self.troubles.lock().insert(name.to_owned(), trouble);
    }

    fn untroubled(&self, name: &str) {
        self.troubles.lock().remove(name);
    }
}

impl Kept {
    /// Answers a question, and keeps the answer.
    fn answer(&self, catalogue: &Catalogue, key: Key) -> Result<Arc<Answer>, Refusal> {
        let (digest, query) = &key;
        let page = search(catalogue, query).map_err(refusal)?;
        let data = Payload::new(&page.data).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Refusal::new(Code::Internal, "the server could not write its answer")
        })?;
        // The order of equally good matches may be another in another version.
        let version = env!("CARGO_PKG_VERSION");
        let tag = format!("{digest}-{}-{version}", query.digest());
        let answer = Arc::new(Answer {
            message: page.message,
            data,
            tag,
        });
        self.put(key, &answer);
        Ok(answer)
    }
}
