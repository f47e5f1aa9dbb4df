//! Catalogues in files, and searches beside everything else, against a real server over real connections.
//!
//! Server and client share one thread and tokio's paused clock: files are looked at as often as it takes, and nobody waits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends with its first surprise"
)]

mod beside;
mod files;
mod questions;

use std::{fmt::Write, fs, net::SocketAddr, path::PathBuf, time::Duration};

use longwire_client::{Client, Error, Found, ModuleView, Search};
use longwire_server::{Reloader, Server, config::Config};
use serde_json::{Value, json};
use tokio::runtime::Builder;

/// Looks, on the paused clock, before something must have happened.
const MOST_LOOKS: usize = 1000;

/// A server and a client of it.
struct World {
    url: String,
    client: Client,
    reloader: Reloader,
}

/// An empty folder.
fn scratch(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It need not be there.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// A catalogue in our own lines, with functions of these names.
fn lines(names: &[&str]) -> String {
    let mut text = "{\"catalogue\":\"whatever\",\"version\":1}\n".to_owned();
    for name in names {
        let _ = writeln!(
            text,
            "{{\"qualified\":\"own::{name}\",\"lib\":\"own\",\"kind\":\"function\"}}"
        );
    }
    text
}

fn configured(text: &str) -> Config {
    let mut config = Config::from_toml(text, "the test").unwrap();
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

fn with_server(config: &str, test: impl AsyncFnOnce(&World)) {
    with_server_on(&mut Builder::new_current_thread(), config, test);
}

fn with_server_on(runtime: &mut Builder, config: &str, test: impl AsyncFnOnce(&World)) {
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let server = Server::bind(configured(config)).await.unwrap();
        let (url, reloader) = (format!("http://{}", server.local_addr()), server.reloader());
        let tested = async {
            let client = Client::connect(&url).await.unwrap();
            test(&World { url, client, reloader }).await;
        };
        tokio::select! {
            () = tested => {}
            ended = server.run(std::future::pending(), std::future::pending()) => panic!("{ended:?}"),
        }
    });
}

impl World {
    async fn ask(&self, question: Value) -> Result<Found, Error> {
        self.client.search(Search::new(&question).unwrap()).await
    }

    /// The names that a search for everything in a catalogue finds, or the code of its refusal.
    async fn all_of(&self, catalogue: &str) -> Result<Vec<String>, String> {
        match self.ask(json!({ "catalogue": catalogue })).await {
            Ok(found) => Ok(names(&found)),
            Err(Error::Refused(refusal)) => Err(refusal.code.to_string()),
            Err(other) => panic!("{other}"),
        }
    }

    async fn module(&self, name: &str) -> Option<ModuleView> {
        let page = self.client.modules().await.unwrap();
        page.modules.into_iter().find(|it| *it.name == *name)
    }

    /// Waits until a catalogue looks like that.
    async fn until(&self, name: &str, is: impl Fn(Option<&ModuleView>) -> bool) {
        let mut last = None;
        for _ in 0..MOST_LOOKS {
            last = self.module(name).await;
            if is(last.as_ref()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("{name} never came to that, but is {last:?}");
    }
}

fn names(found: &Found) -> Vec<String> {
    let sets: Vec<Value> = found.data.read().unwrap();
    let name = |set: &Value| set["qualified"].as_str().unwrap().to_owned();
    sets.iter().map(name).collect()
}
