//! Consumers that are async functions: for Rust programs that serve routes of their own.
//!
//! A handler is given the job and its input, as a type of its own, and returns what the work came to. Everything else is as for any
//! route: its jobs are started over the socket, REST and the command line, watched, listed with the schema of their input, and killed.
//!
//! ```
//! use longwire_server::{
//!     Server,
//!     config::Config,
//!     handler::{Failure, Progress, Stream, Task, handler},
//! };
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Pages {
//!     /// How many to print.
//!     pages: u32,
//! }
//!
//! #[derive(Serialize)]
//! struct Printed {
//!     printed: u32,
//! }
//!
//! async fn print(task: Task, input: Pages) -> Result<Printed, Failure> {
//!     for page in 1..=input.pages {
//!         task.output(Stream::Stdout, format!("page {page}\n")).await?;
//!         task.progress(Progress::of(page, input.pages)).await?;
//!     }
//!     Ok(Printed { printed: input.pages })
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config { listen: "127.0.0.1:0".parse()?, ..Config::default() };
//! let server = Server::bind(config).await?.with_consumer("print", handler(print))?;
//! # let ctrl_c = async {};
//! server.run(ctrl_c, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

use std::{future::Future, marker::PhantomData, sync::Arc};

use longwire_engine::{BadInput, Stopped};
use longwire_protocol::Payload;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

pub use longwire_engine::{Consumer, Over, Serving, Task, Told, Work};
pub use longwire_protocol::{Failure, Progress, Stream};

/// Bytes of a result as JSON, at most: clients bound what they read.
const RESULT_BYTES: usize = 8 * 1024 * 1024;

/// A consumer that is an async function; see [`handler()`].
pub struct Handler<F, I, O> {
    work: Arc<F>,
    ends_itself: bool,
    types: PhantomData<fn(I) -> O>,
}

/// Makes a consumer of an async function.
///
/// An input that cannot be read as `I` is refused before a job exists, with the field that is wrong. Where `I` is `()` or an `Option` a
/// start may leave the input out. The result becomes the job's, a [`Failure`] its failure; any error becomes one by `?`, of code
/// `failed`. A panic is a failure too, and its message goes to the server's log alone.
///
/// A job that is told to end (it was killed, a clock of it ran out, or the server stops) is dropped where it waits, at once: what is to be
/// cleaned up belongs into a `Drop`. See [`Handler::ends_itself`] for the other way. Work that does not wait, such as a long
/// computation, belongs into `tokio::task::spawn_blocking`; nothing can end that but itself. The store on a disk writes on a thread of that
/// pool, so such work must leave it one: a semaphore bounds how much of it there is at once.
pub fn handler<F, I, O, Fut>(work: F) -> Handler<F, I, O>
where
    F: Fn(Task, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + Send + 'static,
{
    Handler {
        work: Arc::new(work),
        ends_itself: false,
        types: PhantomData,
    }
}

impl<F, I, O> Handler<F, I, O> {
    /// The function listens to [`Task::told_to_end`] and ends its work well: it has the grace of its route for that, and is dropped only
    /// then.
    #[must_use]
    pub fn ends_itself(mut self) -> Self {
        self.ends_itself = true;
        self
    }
}

impl<F, I, O, Fut> Consumer for Handler<F, I, O>
where
    F: Fn(Task, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + Send + 'static,
{
    fn serve(&self, task: Task) -> Serving {
        let input = match read::<I>(task.input()) {
            Ok(input) => input,
            Err(bad) => return Box::pin(std::future::ready(bad.into())),
        };
        let (mut told, ends_itself) = (task.clone(), self.ends_itself);
        let work = (self.work)(task, input);
        Box::pin(async move {
            tokio::select! {
                biased;
                _ = told.told_to_end(), if !ends_itself => Work::Stopped(Stopped::SAID),
                done = work => done.and_then(|done| result(&done)).unwrap_or_else(Work::Failed),
            }
        })
    }

    fn check(&self, input: Option<&Payload>) -> Result<(), BadInput> {
        read::<I>(input).map(drop)
    }

    fn schema(&self) -> Option<Payload> {
        Payload::new(&schemars::schema_for!(I)).ok()
    }
}

fn result<O: Serialize>(done: &O) -> Result<Work, Failure> {
    let result = Payload::new(done)?;
    let got = result.as_str().len();
    if got > RESULT_BYTES {
        let message = format!(
            "the result has {got} bytes of JSON; a job's has at most {RESULT_BYTES}: put it somewhere, and say where"
        );
        return Err(Failure::new("result_too_large", message));
    }
    Ok(Work::Done(
        Some(result).filter(|result| result.as_str() != "null"),
    ))
}

fn read<I: DeserializeOwned>(input: Option<&Payload>) -> Result<I, BadInput> {
    let text = input.map_or("null", Payload::as_str);
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| BadInput {
        field: field(error.path()),
        message: without_place(&error.inner().to_string()).to_owned(),
    })
}

/// The way to a value, in dots; nothing for the input itself.
fn field(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    segments.collect::<Vec<_>>().join(".")
}

/// Where in the text it was says nothing to who sent a frame around it.
fn without_place(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_bad_input_is_told_by_its_field() {
        type Input = BTreeMap<String, Vec<u8>>;
        for (input, field, message) in [
            (
                r#"{"a":[1,300]}"#,
                "a.1",
                "invalid value: integer `300`, expected u8",
            ),
            (
                r#"{"a":"x"}"#,
                "a",
                "invalid type: string \"x\", expected a sequence",
            ),
            ("null", "", "invalid type: null, expected a map"),
        ] {
            let payload: Payload = serde_json::from_str(input).unwrap();
            let bad = read::<Input>(Some(&payload)).unwrap_err();
            assert_eq!((&*bad.field, &*bad.message), (field, message));
        }
        assert_eq!(read::<Option<u8>>(None), Ok(None));
    }

    #[test]
    fn a_result_has_a_bound() {
        let large = "x".repeat(RESULT_BYTES - 2);
        assert!(result(&large).is_ok());
        let failure = result(&(large + "x")).unwrap_err();
        assert_eq!(&*failure.code, "result_too_large");
    }

    #[test]
    fn nothing_is_no_result() {
        assert_eq!(result(&()), Ok(Work::Done(None)));
        assert_eq!(
            result(&5).ok(),
            Payload::new(&5).ok().map(|five| Work::Done(Some(five)))
        );
    }
}
