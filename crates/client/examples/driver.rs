//! The driver of the conformance kit: takes orders as lines of JSON on stdin, and answers on stdout. See `docs/conformance.md`.
//!
//! ```sh
//! cargo build -p longwire-client --example driver
//! longwire conformance client -- target/debug/examples/driver
//! ```

use std::{collections::HashMap, fmt::Write, sync::Arc, time::Duration};

use longwire_client::{
    Client, Connid, Error, EventFrame, Failure, Feed, FeedHappening, Happening, Job, JobId, Link,
    Options, OutputStream, Progress, Running, Search, Seconds, Start, StatusQuery, Target, Task,
    Unfinished, Worker,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin, stdout},
    sync::{Mutex, mpsc},
    task::JoinSet,
};

type Order = Map<String, Value>;
type Answer = Result<Value, Refused>;

/// Answers that wait to be printed.
const ANSWERS: usize = 64;

/// Why an order was not done: the code of the library's error, and its words.
struct Refused {
    code: String,
    message: String,
}

impl Refused {
    fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        Self::new("invalid_order", error.to_string())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let driver = Arc::new(Driver::default());
    let (answers, mut to_print) = mpsc::channel::<String>(ANSWERS);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(line) = to_print.recv().await {
            let mut out = stdout();
            if out.write_all(line.as_bytes()).await.is_err() || out.flush().await.is_err() {
                break;
            }
        }
    });
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let (driver, answers) = (Arc::clone(&driver), answers.clone());
        tasks.spawn(async move {
            let answer = driver.answer(&line).await;
            // Where nobody reads any more, the next read tells.
            let _ = answers.send(format!("{answer}\n")).await;
        });
    }
    Ok(())
}

/// The client and its handles, by the names that the orders gave them.
#[derive(Default)]
struct Driver {
    url: Mutex<String>,
    client: Mutex<Option<Client>>,
    handles: Mutex<HashMap<String, Handle>>,
    workers: Mutex<HashMap<String, Running>>,
}

#[derive(Clone)]
enum Handle {
    Job(Arc<Mutex<Job>>, JobId),
    Feed(Arc<Mutex<Feed>>),
}

impl Driver {
    async fn answer(&self, line: &str) -> Value {
        let order: Order = match serde_json::from_str(line) {
            Ok(order) => order,
            Err(error) => {
                return json!({"error": {"code": "invalid_order", "message": error.to_string()}});
            }
        };
        let n = order.get("n").cloned();
        match self.follow(order).await {
            Ok(ok) => json!({"n": n, "ok": ok}),
            Err(Refused { code, message }) => {
                json!({"n": n, "error": {"code": code, "message": message}})
            }
        }
    }

    async fn follow(&self, mut order: Order) -> Answer {
        order.remove("n");
        let verb = taken(&mut order, "do").unwrap_or_default();
        match verb.as_str() {
            "connect" => self.connect(&order).await,
            "start" => self.start(order).await,
            "watch" => self.watch(&order).await,
            "feed" => self.feed(&order).await,
            "next" => self.next(&order).await,
            "rest" => self.rest(&order).await,
            "result" => self.result(&order).await,
            "kill" => self.kill(&order).await,
            "extend" => self.extend(&order).await,
            "status" => {
                let query: StatusQuery = serde_json::from_value(Value::Object(order))?;
                Ok(serde_json::to_value(
                    self.client().await?.status(query).await?,
                )?)
            }
            "search" => {
                let found = self.client().await?.search(Search::new(&order)?).await?;
                Ok(serde_json::to_value(found)?)
            }
            "leave" => {
                drop(self.handles.lock().await.remove(text(&order, "of")));
                Ok(json!({}))
            }
            "link" => Ok(self.link().await?.into()),
            "work" => self.work(&order).await,
            "stop" => self.stop(&order).await,
            "close" => {
                self.client().await?.close().await;
                Ok(json!({}))
            }
            _ => Err(Refused::new("unsupported", format!("{verb:?}"))),
        }
    }

    async fn client(&self) -> Result<Client, Refused> {
        let client = self.client.lock().await.clone();
        client.ok_or_else(|| Refused::new("invalid_order", "connect first"))
    }

    async fn connect(&self, order: &Order) -> Answer {
        let patience = order.get("options").and_then(|it| it["patience"].as_f64());
        let patience = patience.and_then(|it| Duration::try_from_secs_f64(it).ok());
        let mut options = Options::default();
        options.patience = patience;
        text(order, "url").clone_into(&mut *self.url.lock().await);
        let client = Client::connect_with(text(order, "url"), options).await?;
        *self.client.lock().await = Some(client);
        Ok(json!({}))
    }

    async fn start(&self, mut order: Order) -> Answer {
        let name = taken(&mut order, "as");
        let start: Start = serde_json::from_value(Value::Object(order))?;
        let job = self.client().await?.start(start).await?;
        Ok(self.keep_job(name, job).await)
    }

    async fn watch(&self, order: &Order) -> Answer {
        let target = match order.get("job").and_then(Value::as_str) {
            Some(job) => Target::Job(JobId::parse(job).ok_or_else(|| wrong("job"))?),
            None => Target::Connid(connid(text(order, "connid"))?),
        };
        let after = order.get("after").and_then(Value::as_u64).unwrap_or(0);
        let job = self.client().await?.watch(target, after).await?;
        let name = order.get("as").and_then(Value::as_str).map(str::to_owned);
        Ok(self.keep_job(name, job).await)
    }

    async fn feed(&self, order: &Order) -> Answer {
        let client = self.client().await?;
        let feed = match order.get("after").and_then(Value::as_u64) {
            Some(after) => client.feed_after(after).await?,
            None => client.feed().await?,
        };
        let handle = Handle::Feed(Arc::new(Mutex::new(feed)));
        self.handles
            .lock()
            .await
            .insert(text(order, "as").to_owned(), handle);
        Ok(json!({}))
    }

    async fn keep_job(&self, name: Option<String>, job: Job) -> Value {
        let answer = json!({"connid": job.connid(), "job": job.id()});
        let id = job.id();
        let handle = Handle::Job(Arc::new(Mutex::new(job)), id);
        self.handles
            .lock()
            .await
            .insert(name.unwrap_or_default(), handle);
        answer
    }

    async fn handle(&self, order: &Order) -> Result<Handle, Refused> {
        let handle = self.handles.lock().await.get(text(order, "of")).cloned();
        handle.ok_or_else(|| wrong("of"))
    }

    async fn job(&self, order: &Order) -> Result<Arc<Mutex<Job>>, Refused> {
        match self.handle(order).await? {
            Handle::Job(job, _) => Ok(job),
            Handle::Feed(_) => Err(wrong("of")),
        }
    }

    async fn next(&self, order: &Order) -> Answer {
        match self.handle(order).await? {
            Handle::Job(job, _) => match job.lock().await.next().await.transpose()? {
                None => Ok(Value::Null),
                Some(Happening::Event(event)) => Ok(serde_json::to_value(event)?),
                Some(Happening::Gap(gap)) => Ok(json!({"gap": gap})),
            },
            Handle::Feed(feed) => match feed.lock().await.next().await.transpose()? {
                None => Ok(Value::Null),
                Some(FeedHappening::Change(change)) => Ok(serde_json::to_value(change)?),
                Some(FeedHappening::Gap(gap)) => Ok(json!({"gap": gap})),
            },
        }
    }

    async fn rest(&self, order: &Order) -> Answer {
        let job = self.job(order).await?;
        let (mut job, mut rest) = (job.lock().await, Rest::default());
        while let Some(happening) = job.next().await {
            match happening? {
                Happening::Event(event) => rest.take(*event)?,
                Happening::Gap(gap) => rest.gaps.push(serde_json::to_value(gap)?),
            }
        }
        rest.tell()
    }

    async fn result(&self, order: &Order) -> Answer {
        let job = self.job(order).await?;
        let result = job.lock().await.result();
        Ok(result.await?)
    }

    /// Of a handle the server's own name for its job.
    async fn target(&self, order: &Order) -> Result<Target, Refused> {
        if order.contains_key("connid") {
            return Ok(connid(text(order, "connid"))?.into());
        }
        match self.handle(order).await? {
            Handle::Job(_, job) => Ok(job.into()),
            Handle::Feed(_) => Err(wrong("of")),
        }
    }

    /// A job is read and killed at once, so it is not the handle that is asked to: that may be reading.
    async fn kill(&self, order: &Order) -> Answer {
        let (client, target) = (self.client().await?, self.target(order).await?);
        let reason = order.get("reason").and_then(Value::as_str);
        let done = if order.get("wait") == Some(&Value::Bool(true)) {
            client.kill_and_wait(target, reason).await?
        } else {
            client.kill(target, reason).await?
        };
        Ok(serde_json::to_value(done)?)
    }

    async fn extend(&self, order: &Order) -> Answer {
        let target = self.target(order).await?;
        let time = order.get("time").and_then(Value::as_f64);
        let time = time
            .and_then(Seconds::from_f64)
            .ok_or_else(|| wrong("time"))?;
        Ok(serde_json::to_value(
            self.client().await?.extend(target, time).await?,
        )?)
    }

    async fn work(&self, order: &Order) -> Answer {
        let slots = order.get("slots").and_then(Value::as_u64).unwrap_or(1);
        let slots = u32::try_from(slots).map_err(|_| wrong("slots"))?;
        let worker = Worker::new(self.url.lock().await.clone()).slots(slots);
        let running = worker.route(text(order, "route"), act).start().await?;
        let mut workers = self.workers.lock().await;
        workers.insert(text(order, "as").to_owned(), running);
        Ok(json!({}))
    }

    async fn stop(&self, order: &Order) -> Answer {
        let running = self.workers.lock().await.remove(text(order, "of"));
        running.ok_or_else(|| wrong("of"))?.stop().await;
        Ok(json!({}))
    }

    async fn link(&self) -> Result<&'static str, Refused> {
        Ok(match self.client().await?.links().now() {
            Link::Connected => "connected",
            Link::ShuttingDown { .. } => "shutting_down",
            Link::Reconnecting { .. } => "reconnecting",
            Link::Closed(_) => "closed",
            _ => "another",
        })
    }
}

/// Does the acts that a job's input lists. Of those after a cancellation only what is `finally` is done.
async fn act(task: Task) -> Result<Value, Unfinished> {
    let acts: Vec<Value> = task.input()?;
    let mut end = None;
    for act in acts {
        let act = match (&end, act.get("finally")) {
            (None, None) => act,
            (Some(_), Some(finally)) => finally.clone(),
            (None, Some(_)) | (Some(_), None) => continue,
        };
        match one(&task, &act).await {
            Ok(None) => {}
            Ok(Some(result)) => return Ok(result),
            Err(Unfinished::Stopped(stopped)) => end = Some(stopped),
            Err(failed @ Unfinished::Failed(_)) => return Err(failed),
        }
    }
    end.map_or(Ok(Value::Null), |stopped| Err(stopped.into()))
}

async fn one(task: &Task, act: &Value) -> Result<Option<Value>, Unfinished> {
    if act == "until_told" {
        return Err(task.cancelled().await.into());
    }
    let (act, what) = act
        .as_object()
        .and_then(|act| act.iter().next())
        .ok_or_else(unknown_act)?;
    let text = || what.as_str().unwrap_or_default();
    match act.as_str() {
        "output" => task.output(OutputStream::Stdout, text()).await?,
        "stderr" => task.output(OutputStream::Stderr, text()).await?,
        "progress" => {
            let progress: Progress = serde_json::from_value(what.clone())?;
            task.progress(progress).await?;
        }
        "wait" => {
            let time = Duration::try_from_secs_f64(what.as_f64().unwrap_or_default())?;
            task.unless_cancelled(tokio::time::sleep(time)).await?;
        }
        "result" => return Ok(Some(what.clone())),
        "fail" => return Err(serde_json::from_value::<Failure>(what.clone())?.into()),
        _ => return Err(unknown_act().into()),
    }
    Ok(None)
}

fn unknown_act() -> Failure {
    Failure::new("invalid_order", "an act that is not known")
}

/// What is told of the rest of a handle's events.
#[derive(Default)]
struct Rest {
    runs: Vec<[u64; 2]>,
    gaps: Vec<Value>,
    digest: Sha256,
    bytes: usize,
    last: Option<EventFrame>,
}

impl Rest {
    fn take(&mut self, event: EventFrame) -> Result<(), Refused> {
        match self.runs.last_mut() {
            Some([_, last]) if *last + 1 == event.seq => *last = event.seq,
            _ => self.runs.push([event.seq; 2]),
        }
        let is_stdout = event
            .stream
            .as_ref()
            .is_some_and(|it| *it == OutputStream::Stdout);
        if let Some(output) = event.output.as_ref().filter(|_| is_stdout) {
            let bytes = event
                .encoding
                .decode(output)
                .ok_or_else(|| wrong("base64"))?;
            self.digest.update(&bytes);
            self.bytes += bytes.len();
        }
        self.last = Some(event);
        Ok(())
    }

    fn tell(self) -> Answer {
        let digest = self.digest.finalize();
        let hex = digest.iter().fold(String::new(), |mut hex, byte| {
            // A string takes any text: there is nothing to fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Ok(json!({
            "seqs": self.runs, "gaps": self.gaps, "stdout": hex, "stdout_bytes": self.bytes,
            "last": self.last,
        }))
    }
}

fn text<'a>(order: &'a Order, key: &str) -> &'a str {
    order.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn taken(order: &mut Order, key: &str) -> Option<String> {
    let value = order.remove(key)?;
    value.as_str().map(str::to_owned)
}

fn connid(text: &str) -> Result<Connid, Refused> {
    Connid::new(text).map_err(|rule| Refused::new("invalid_order", format!("connid: {rule}")))
}

fn wrong(what: &str) -> Refused {
    Refused::new("invalid_order", format!("{what:?} is not what it must be"))
}
