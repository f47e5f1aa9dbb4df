//! The way to the server.

use std::time::Duration;

use longwire_client::{Client, Error, Link, Options};

use crate::{Global, failure::Failure, print};

/// How long a command that only asks waits for a server that is gone.
const PATIENCE: Duration = Duration::from_secs(15);

/// For a command that asks and is done.
pub(crate) async fn briefly(global: &Global) -> Result<Client, Failure> {
    let options = options().patience(PATIENCE);
    Ok(Client::connect_with(&global.server, options).await?)
}

/// For a command that stays until it is told to leave.
pub(crate) async fn for_long(global: &Global) -> Result<Client, Failure> {
    Ok(Client::connect_with(&global.server, options()).await?)
}

/// How large a frame may be is for the server to say: nobody else has this connection.
fn options() -> Options {
    let mut options = Options::default();
    options.frame_bytes = usize::MAX;
    options
}

/// Waits for a first answer, and tells what keeps it waiting.
pub(crate) async fn first<T>(
    client: &Client,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let mut links = client.links();
    tokio::pin!(answer);
    loop {
        tokio::select! {
            answer = &mut answer => return Ok(answer?),
            Some(link) = links.changed() => {
                news(&link).iter().for_each(|news| print::say(news));
            }
        }
    }
}

/// What to tell of the connection; the first try to connect again is the news, the others are not.
pub(crate) fn news(link: &Link) -> Option<String> {
    match link {
        Link::Connected => Some("connected again".to_owned()),
        Link::ShuttingDown { left } => Some(format!(
            "the server is stopping; what runs has {} to end",
            crate::bar::span(*left)
        )),
        Link::Reconnecting { attempts: 1, why } => Some(format!("{why}; connecting again…")),
        Link::Reconnecting { .. } | Link::Closed(_) | _ => None,
    }
}
