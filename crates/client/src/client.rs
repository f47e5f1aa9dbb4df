//! The verbs.

use std::{sync::Arc, time::Duration};

use longwire_protocol::{
    Connid, Done, Extend, Found, Kill, ModulesPage, ModulesQuery, Request, RoutesPage, RoutesQuery,
    Search, Seconds, Seq, ServerFrame, Start, StatusPage, StatusQuery, Target, Watch,
    not_startable,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    Backoff, Error, Feed, Job, Link, Links,
    address::Address,
    ask::{Reply, Then, unexpected},
    connection::Connection,
    desk::{Command, Desk, Opened, Place},
    wire::Wire,
};

/// Commands that wait for the connection.
const COMMANDS: usize = 64;

/// How a client deals with a server that does not answer. The defaults are right for most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long to wait between two tries to connect again.
    pub backoff: Backoff,
    /// How long to go on trying to connect again; for ever where it is none.
    pub patience: Option<Duration>,
    /// How long a server has to take a connection.
    pub connect_timeout: Duration,
    /// How long a server may not read while there is something for it.
    pub write_timeout: Duration,
    /// After how long without a word the server is sent a ping.
    pub ping_after: Duration,
    /// After how long without a word, answers to pings included, the connection counts as lost.
    pub dead_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            patience: None,
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
            ping_after: Duration::from_secs(20),
            dead_after: Duration::from_secs(45),
        }
    }
}

/// A connection to a Longwire server, which is made anew by itself where it breaks. Cheap to clone; all clones share it.
///
/// It ends with the last of its clones, [`Job`]s and [`Feed`]s.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Client {
    /// Connects to a server at an address such as `http://127.0.0.1:8000` or `ws://127.0.0.1:8000/ws`.
    ///
    /// # Errors
    /// Where the address is none, nobody answers, or whoever does is no Longwire.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::connect_with(url, Options::default()).await
    }

    /// The same, with other limits.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_with(url: &str, options: Options) -> Result<Self, Error> {
        let address = Address::parse(url)?;
        let wire = Wire::open(&address, &options).await?;
        let (commands, taken) = mpsc::channel(COMMANDS);
        let (link, links) = watch::channel(Link::Connected);
        let stop = CancellationToken::new();
        let connection = Connection {
            address,
            options,
            commands: taken,
            link,
            stop: stop.clone(),
            desk: Desk::default(),
            attempts: 0,
        };
        let tasks = TaskTracker::new();
        tasks.spawn(connection.run(wire));
        tasks.close();
        let handle = Handle {
            commands,
            links: Links(links),
            _alive: Arc::new(stop.clone().drop_guard()),
        };
        Ok(Self {
            handle,
            tasks,
            stop,
        })
    }

    /// Starts a job and watches it. Where the start names no connid, one is made here.
    ///
    /// A start that was sent and not answered when the connection broke is made up for on the next: a job whose connid was
    /// made here is looked for first and so never run twice. One with a connid of yours is started again with
    /// `on_conflict` `attach`, so that it is joined where it runs; where it has ended meanwhile, it runs again.
    ///
    /// # Errors
    /// Where the route is a verb's name, the server refuses it, or the connection is gone for good.
    pub async fn start(&self, mut start: Start) -> Result<Job, Error> {
        // It would be that verb: a start named `kill` kills.
        if let Some(refusal) = not_startable(&start.route) {
            return Err(Error::Refused(Box::new(refusal)));
        }
        let made = start.connid.is_none();
        if made {
            start.connid = Some(made_connid()?);
        }
        let open = |reply| Then::OpenJob { reply, made };
        let opened = self.ask(Request::Start(start), open).await?;
        Job::new(self.handle.clone(), opened, 0)
    }

    /// Watches a job, from after that number on.
    ///
    /// # Errors
    /// Where the server does not know the job or no longer keeps it, or the connection is gone for good.
    pub async fn watch(&self, target: Target, after: Seq) -> Result<Job, Error> {
        let (connid, job) = match target {
            Target::Connid(connid) => (Some(connid), None),
            Target::Job(job) => (None, Some(job)),
        };
        let watch = Watch {
            connid,
            job,
            after: Some(after),
        };
        let open = |reply| Then::OpenJob { reply, made: false };
        let opened = self.ask(Request::Watch(watch), open).await?;
        Job::new(self.handle.clone(), opened, after)
    }

    /// Watches the changes of state of all jobs, from now on.
    ///
    /// # Errors
    /// Where the server refuses it, or the connection is gone for good.
    pub async fn feed(&self) -> Result<Feed, Error> {
        let opened: Opened<_> = self
            .ask(Request::Watch(Watch::default()), Then::OpenFeed)
            .await?;
        Ok(Feed::new(self.handle.clone(), opened))
    }

    /// Kills a job. Returns when the kill was accepted: the job is told to end, and forced after its route's grace.
    ///
    /// # Errors
    /// Where the server does not know the job or it has ended, or the connection is gone for good.
    pub async fn kill(&self, connid: &Connid, reason: Option<&str>) -> Result<Done, Error> {
        self.send_kill(connid, reason, false).await
    }

    /// Kills a job and returns when it is dead, with how it ended and the kill receipt.
    ///
    /// # Errors
    /// As [`Client::kill`].
    pub async fn kill_and_wait(
        &self,
        connid: &Connid,
        reason: Option<&str>,
    ) -> Result<Done, Error> {
        self.send_kill(connid, reason, true).await
    }

    async fn send_kill(
        &self,
        connid: &Connid,
        reason: Option<&str>,
        wait: bool,
    ) -> Result<Done, Error> {
        let kill = Kill {
            connid: connid.clone(),
            reason: reason.map(Into::into),
            wait,
        };
        done(self.ask(Request::Kill(kill), Then::Tell).await?)
    }

    /// Moves a job's deadline to so many seconds from now.
    ///
    /// # Errors
    /// Where the server refuses it, or the connection is gone for good.
    pub async fn extend(&self, connid: &Connid, time: Seconds) -> Result<Done, Error> {
        let extend = Extend {
            connid: connid.clone(),
            time,
        };
        done(self.ask(Request::Extend(extend), Then::Tell).await?)
    }

    /// What runs: a page of it, or one job.
    ///
    /// # Errors
    /// Where the server does not know the job that is asked for, or the connection is gone for good.
    pub async fn status(&self, query: StatusQuery) -> Result<StatusPage, Error> {
        let frame = self.ask(Request::Status(query), Then::Tell).await?;
        if let ServerFrame::Status(mut page) = frame {
            page.id = None;
            return Ok(page);
        }
        Err(unexpected(&frame))
    }

    /// The routes on which jobs may be started, by name, with their terms and the schemas of their inputs.
    ///
    /// # Errors
    /// Where the connection is gone for good.
    pub async fn routes(&self) -> Result<RoutesPage, Error> {
        let question = Request::Routes(RoutesQuery {});
        let frame = self.ask(question, Then::Tell).await?;
        if let ServerFrame::Routes(mut page) = frame {
            page.id = None;
            return Ok(page);
        }
        Err(unexpected(&frame))
    }

    /// Searches libraries: the fields of the question are `lib`, `text`, `limit`, `offset`, `kind`, `since` and `catalogue`, none
    /// of which must be there. Several may be asked at once, and are answered as they come.
    ///
    /// # Errors
    /// Where the question is not one, or its libraries are unknown, or the connection is gone for good.
    pub async fn search(&self, search: Search) -> Result<Found, Error> {
        let frame = self.ask(Request::Search(search), Then::Tell).await?;
        if let ServerFrame::Found(mut found) = frame {
            found.id = None;
            return Ok(found);
        }
        Err(unexpected(&frame))
    }

    /// The catalogues that can be searched; the first is searched where a question names none.
    ///
    /// # Errors
    /// Where too many searches wait, or the connection is gone for good.
    pub async fn modules(&self) -> Result<ModulesPage, Error> {
        let question = Request::Modules(ModulesQuery {});
        let frame = self.ask(question, Then::Tell).await?;
        if let ServerFrame::Modules(mut page) = frame {
            page.id = None;
            return Ok(page);
        }
        Err(unexpected(&frame))
    }

    /// How the connection is doing.
    #[must_use]
    pub fn links(&self) -> Links {
        self.handle.links.clone()
    }

    /// Closes the connection, also for the clones, and waits until that is done. Jobs go on.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }

    async fn ask<T>(
        &self,
        request: Request,
        then: impl FnOnce(Reply<T>) -> Then,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Ask(request, then(reply));
        self.handle.command(command).await?;
        answer.await.map_err(|_| self.handle.why_closed())?
    }
}

/// The way to the connection.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    commands: mpsc::Sender<Command>,
    links: Links,
    _alive: Arc<DropGuard>,
}

impl Handle {
    pub(crate) async fn command(&self, command: Command) -> Result<(), Error> {
        let sent = self.commands.send(command).await;
        sent.map_err(|_| self.why_closed())
    }

    /// Tells that nobody reads from there any more, as far as that can be told without waiting.
    pub(crate) fn leave(&self, place: Place, number: u64) {
        drop(self.commands.try_send(Command::Leave(place, number)));
    }

    pub(crate) fn why_closed(&self) -> Error {
        match self.links.now() {
            Link::Closed(error) => error,
            Link::Connected | Link::ShuttingDown { .. } | Link::Reconnecting { .. } => {
                Error::Closed
            }
        }
    }
}

fn done(frame: ServerFrame) -> Result<Done, Error> {
    if let ServerFrame::Done(mut done) = frame {
        done.id = None;
        return Ok(done);
    }
    Err(unexpected(&frame))
}

/// A name that nobody else makes: 65 bits of chance, in letters and figures that are not mistaken for one another.
fn made_connid() -> Result<Connid, Error> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0; 13];
    getrandom::fill(&mut bytes).map_err(|error| Error::NoChance(error.to_string()))?;
    let name: String = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    Connid::new(&name).map_err(|rule| Error::NoChance(rule.to_owned()))
}
