//! The verbs.

use std::sync::Arc;

use longwire_protocol::{
    Connid, Done, Found, ModulesPage, ModulesQuery, OnDisconnect, Request, RoutesPage, RoutesQuery,
    Search, Seconds, Seq, ServerFrame, Start, StatusPage, StatusQuery, Target, Watch, Where,
    not_startable,
};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Error, Feed, Job, Link, Links, Options,
    address::Address,
    ask::{Then, unexpected},
    connection::Connection,
    desk::ClientDesk,
    handle::Handle,
    lost::ACCEPTED,
    wire::Wire,
};

/// Commands that wait for the connection.
const COMMANDS: usize = 64;

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
        let desk = ClientDesk::new(options.clone());
        let connection = Connection::new((address, options), desk, taken, link, stop.clone());
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
    /// `on_conflict` `attach`, so that it is joined where it runs; where it has ended meanwhile, it runs again. One that replaces kills no
    /// job that is younger than itself.
    ///
    /// Where the future is dropped the job may have been started all the same, and runs: whoever may stop waiting gives it a
    /// name first, such as one of [`new_connid`].
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
            start.connid = Some(new_connid()?);
        }
        let keeps = start.on_disconnect == OnDisconnect::Keep;
        let open = |reply| Then::OpenJob { reply, made, keeps };
        let opened = self.handle.ask(Request::Start(start), open).await?;
        Job::new(self.handle.clone(), opened, ACCEPTED)
    }

    /// Watches a job, from after that number on: by its connid, or, exactly, by its [`JobId`](crate::JobId).
    ///
    /// # Errors
    /// Where the server does not know the job or no longer keeps it, or the connection is gone for good.
    pub async fn watch(&self, target: impl Into<Target>, after: Seq) -> Result<Job, Error> {
        let opened = self.handle.watch(target.into(), after).await?;
        Job::new(self.handle.clone(), opened, after)
    }

    /// Watches the changes of state of all jobs, from now on.
    ///
    /// # Errors
    /// Where the server refuses it, or the connection is gone for good.
    pub async fn feed(&self) -> Result<Feed, Error> {
        self.open_feed(None).await
    }

    /// The same, from after the change of that number on.
    ///
    /// # Errors
    /// As [`Client::feed`], and with the code `invalid_field` where the feed has not come to that number: the server was started anew.
    pub async fn feed_after(&self, after: Seq) -> Result<Feed, Error> {
        self.open_feed(Some(after)).await
    }

    async fn open_feed(&self, after: Option<Seq>) -> Result<Feed, Error> {
        let watch = Request::Watch(Watch {
            after,
            ..Watch::default()
        });
        let reader = self.handle.ask(watch, Then::OpenFeed).await?;
        Ok(Feed::new(self.handle.clone(), reader))
    }

    /// Kills a job. Returns when the kill was accepted: the job is told to end, and forced after its route's grace.
    ///
    /// # Errors
    /// Where the server does not know the job or it has ended, or the connection is gone for good.
    pub async fn kill(
        &self,
        target: impl Into<Target>,
        reason: Option<&str>,
    ) -> Result<Done, Error> {
        self.handle.kill(target.into(), reason, false).await
    }

    /// Kills a job and returns when it is dead, with how it ended and the kill receipt.
    ///
    /// # Errors
    /// As [`Client::kill`].
    pub async fn kill_and_wait(
        &self,
        target: impl Into<Target>,
        reason: Option<&str>,
    ) -> Result<Done, Error> {
        self.handle.kill(target.into(), reason, true).await
    }

    /// Kills every job that fits and has not ended, and says how many kills were accepted.
    ///
    /// # Errors
    /// Where neither a route nor a tag is given, the server refuses it, or the connection is gone for good.
    pub async fn kill_all(&self, filter: Where, reason: Option<&str>) -> Result<u64, Error> {
        self.handle.kill_all(filter, reason).await
    }

    /// Moves a job's deadline to so many seconds from now.
    ///
    /// # Errors
    /// Where the server refuses it, or the connection is gone for good.
    pub async fn extend(
        &self,
        target: impl Into<Target>,
        time: impl Into<Seconds>,
    ) -> Result<Done, Error> {
        self.handle.extend(target.into(), time.into()).await
    }

    /// What runs: a page of it, or one job.
    ///
    /// # Errors
    /// Where the server does not know the job that is asked for, or the connection is gone for good.
    pub async fn status(&self, query: StatusQuery) -> Result<StatusPage, Error> {
        let frame = self.handle.ask(Request::Status(query), Then::Tell).await?;
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
        let frame = self.handle.ask(question, Then::Tell).await?;
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
        let frame = self.handle.ask(Request::Search(search), Then::Tell).await?;
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
        let frame = self.handle.ask(question, Then::Tell).await?;
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
}

/// A name that nobody else makes: 65 bits of chance, in letters and figures that are not mistaken for one another.
///
/// # Errors
/// [`Error::NoChance`] where the system gives no random numbers.
pub fn new_connid() -> Result<Connid, Error> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0; 13];
    getrandom::fill(&mut bytes).map_err(|error| Error::NoChance(error.to_string()))?;
    let name: String = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    Connid::new(&name).map_err(|rule| Error::NoChance(rule.to_owned()))
}
