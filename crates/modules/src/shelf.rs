//! Catalogues that can be exchanged while they are asked.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::{Answer, Catalogue, Query, Refusal, refusal::Code, search, search::nearest};

/// Makes a catalogue, or says why not.
type Make = Box<dyn FnOnce() -> Result<Catalogue, String> + Send>;

/// A catalogue that is built when it is first asked for.
pub struct Lazy {
    name: String,
    made: OnceLock<Result<Arc<Catalogue>, String>>,
    make: std::sync::Mutex<Option<Make>>,
}

impl Lazy {
    /// A catalogue that this will make, once. Whoever asks meanwhile waits for it.
    pub fn new(
        name: &str,
        make: impl FnOnce() -> Result<Catalogue, String> + Send + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            made: OnceLock::new(),
            make: std::sync::Mutex::new(Some(Box::new(make))),
        }
    }

    /// A catalogue that is there already, by this name, whatever it calls itself.
    pub fn named(name: &str, catalogue: Catalogue) -> Self {
        Self {
            name: name.to_owned(),
            made: OnceLock::from(Ok(Arc::new(catalogue))),
            make: std::sync::Mutex::new(None),
        }
    }

    /// A catalogue that cannot be asked, and why not.
    pub fn missing(name: &str, why: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            made: OnceLock::from(Err(why.into())),
            make: std::sync::Mutex::new(None),
        }
    }

    /// The name by which a question asks for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether [`get`](Self::get) answers at once: the catalogue was made, or could not be.
    pub fn is_made(&self) -> bool {
        self.made.get().is_some()
    }

    /// The catalogue, made now if it was not.
    pub fn get(&self) -> Result<Arc<Catalogue>, Refusal> {
        let made = self.made.get_or_init(|| {
            let make = self
                .make
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            make.map_or_else(
                || Err("it could not be built".to_owned()),
                |make| make().map(Arc::new),
            )
        });
        made.clone().map_err(|why| {
            Refusal::new(
                Code::Unavailable,
                format!("catalogue {:?}: {why}", self.name),
            )
        })
    }
}

impl From<Catalogue> for Lazy {
    fn from(catalogue: Catalogue) -> Self {
        let name = catalogue.name().to_owned();
        Self::named(&name, catalogue)
    }
}

/// Catalogues by name. Whoever asks keeps the one that it asked, whatever is put in its place meanwhile.
#[derive(Default)]
pub struct Shelf(RwLock<Vec<Arc<Lazy>>>);

impl Shelf {
    /// A shelf with nothing on it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a catalogue there, at the end, or whole in the place of the one of its name. The first is the one that is
    /// asked where a question names none.
    pub fn put(&self, catalogue: impl Into<Lazy>) {
        let catalogue = Arc::new(catalogue.into());
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|old| old.name == catalogue.name) {
            Some(old) => *old = catalogue,
            None => all.push(catalogue),
        }
    }

    /// Takes a catalogue away. Whether it was there.
    pub fn remove(&self, name: &str) -> bool {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = all.len();
        all.retain(|catalogue| catalogue.name != name);
        all.len() < before
    }

    /// The catalogues, in their order.
    pub fn all(&self) -> Vec<Arc<Lazy>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// Their names, in their order.
    pub fn names(&self) -> Vec<String> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|catalogue| catalogue.name.clone()).collect()
    }

    /// The catalogue of a name, or the first.
    pub fn get(&self, name: Option<&str>) -> Result<Arc<Catalogue>, Refusal> {
        // The lock is given back before a catalogue is built.
        self.find(name)?.get()
    }

    /// The same, without building it.
    pub fn find(&self, name: Option<&str>) -> Result<Arc<Lazy>, Refusal> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = match name {
            None => all.first(),
            Some(name) => all.iter().find(|catalogue| catalogue.name == name),
        };
        found.cloned().ok_or_else(|| {
            let names = all.iter().map(|catalogue| &*catalogue.name);
            unknown(name.unwrap_or_default(), names)
        })
    }

    /// Answers a question from the catalogue that it names.
    pub fn answer(&self, query: &Query) -> Result<Answer, Refusal> {
        let catalogue = self.get(query.catalogue())?;
        Ok(search(&catalogue, query)?.into())
    }
}

fn unknown<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    let near = match nearest(names.clone(), &[name])[..] {
        [Some(near)] => format!("; did you mean {near:?}?"),
        _ => String::new(),
    };
    let known: Vec<&str> = names.take(20).collect();
    let known = known.join(", ");
    let name = crate::catalogue::excerpt(name);
    Refusal {
        code: Code::UnknownCatalogue,
        field: Some("catalogue".to_owned()),
        message: format!("catalogue: there is none called {name:?}{near}; there are: {known}"),
    }
}
