//! The catalogues that this server has, and how they are searched without anyone else having to wait.

mod files;
mod kept;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use longwire_modules::{Catalogue, Lazy, Query, Shelf, cpp, search};
use longwire_protocol::{Code, ModuleState, ModulesPage, Payload, Refusal};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

pub(crate) use files::{Bounds, Configured, Files};
use kept::Kept;
pub(crate) use words::refusal;

/// Symbols of a catalogue that is searched where it is asked. It takes less time than to have another thread do it.
const SMALL: usize = 50_000;
/// Searches of large catalogues that wait or run, in the whole server.
const MOST_SLOW: usize = 256;

/// All catalogues. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Modules {
    shelf: Arc<Shelf>,
    /// Of the catalogues of files that have any, by name.
    troubles: Arc<Mutex<BTreeMap<String, Trouble>>>,
    kept: Arc<Kept>,
    /// Searches of large catalogues that may still come.
    slow: Arc<Semaphore>,
    /// Those of them that may run: as many as there are processors, on threads that serve nobody.
    running: Arc<Semaphore>,
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
    fn bytes(&self) -> usize {
        self.message.len() + self.data.as_str().len() + self.tag.len()
    }
}

impl Modules {
    /// The standard library of C++.
    pub(crate) fn new() -> Self {
        let shelf = Arc::new(Shelf::new());
        shelf.put(cpp());
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            shelf,
            troubles: Arc::default(),
            kept: Arc::default(),
            slow: Arc::new(Semaphore::new(MOST_SLOW)),
            running: Arc::new(Semaphore::new(processors)),
        }
    }

    /// Answers a question. Over a small catalogue this is ready when it is first polled; over a large one, or one that has to be
    /// built first, it is done elsewhere.
    ///
    /// # Errors
    /// Where the catalogue or all libraries are unknown, where the catalogue cannot be read, or where too many searches wait.
    pub(crate) async fn answer(&self, query: Query) -> Result<Arc<Answer>, Refusal> {
        let catalogue = self.shelf.find(query.catalogue()).map_err(refusal)?;
        if !catalogue.is_made() {
            let kept = Arc::clone(&self.kept);
            let made = move || kept.answer(&*catalogue.get().map_err(refusal)?, query);
            return self.elsewhere(made).await?;
        }
        let catalogue = catalogue.get().map_err(refusal)?;
        if let Some(kept) = self.kept.get(catalogue.digest(), &query) {
            return Ok(kept);
        }
        if catalogue.len() <= SMALL {
            return self.kept.answer(&catalogue, query);
        }
        let kept = Arc::clone(&self.kept);
        self.elsewhere(move || kept.answer(&catalogue, query))
            .await?
    }

    /// What there is to be searched.
    ///
    /// # Errors
    /// Where too many searches wait.
    pub(crate) async fn list(&self) -> Result<ModulesPage, Refusal> {
        let all = self.shelf.all();
        let troubles = self.troubles.lock().clone();
        if all.iter().all(|catalogue| catalogue.is_made()) {
            return Ok(words::page(&all, &troubles));
        }
        self.elsewhere(move || words::page(&all, &troubles)).await
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

    /// Has a thread do this that serves no socket, once there is one.
    #[expect(
        clippy::disallowed_methods,
        reason = "searches end, and only a few are there at once"
    )]
    async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = Arc::clone(&self.slow)
            .try_acquire_owned()
            .map_err(|_| too_many())?;
        let turn = Arc::clone(&self.running).acquire_owned().await;
        // Whoever asked may leave; what it holds is given back once the work is done.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "a search broke off");
            Refusal::new(Code::Internal, "the search broke off")
        })
    }
}

impl Kept {
    /// Answers a question, and keeps the answer.
    fn answer(&self, catalogue: &Catalogue, query: Query) -> Result<Arc<Answer>, Refusal> {
        let page = search(catalogue, &query).map_err(refusal)?;
        let data = Payload::new(&page.data).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Refusal::new(Code::Internal, "the server could not write its answer")
        })?;
        // The order of equally good matches may be another in another version.
        let version = env!("CARGO_PKG_VERSION");
        let tag = format!("{}-{}-{version}", catalogue.digest(), query.digest());
        let answer = Arc::new(Answer {
            message: page.message,
            data,
            tag,
        });
        self.put(catalogue.digest(), query, &answer);
        Ok(answer)
    }
}

fn too_many() -> Refusal {
    let message = format!(
        "{MOST_SLOW} searches of large catalogues wait already, as many as may; ask again in a moment"
    );
    Refusal::new(Code::TooMany, message)
}
