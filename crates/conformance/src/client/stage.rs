//! Everything that is there while a dialogue is played, and waiting for it.

use std::{collections::BTreeSet, ffi::OsString, future::poll_fn, task::Poll, time::Duration};

use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};

use super::{desk::Desk, door::Door, driver::Driver, line::Line, record::Record};

/// How long the driver and its client have for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether a driver has left.
const TICK: Duration = Duration::from_millis(5);

/// The door, the driver, and what is between them.
pub(super) struct Stage {
    pub(super) door: Door,
    pub(super) driver: Driver,
    pub(super) desk: Desk,
    pub(super) record: Record,
}

impl Stage {
    pub(super) fn set(argv: &[OsString], spoken_of: BTreeSet<String>) -> Result<Self, String> {
        Ok(Self {
            door: Door::open()?,
            driver: Driver::start(argv)?,
            desk: Desk::new(spoken_of),
            record: Record::new(),
        })
    }

    /// Goes on until there is what is looked for, at most so long. None where there was nothing.
    pub(super) async fn within<T>(
        &mut self,
        time: Duration,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let looking = poll_fn(|cx| {
            self.driver.poll(cx);
            self.door.poll(cx, &mut self.desk, &mut self.record);
            let fault = self
                .driver
                .answers
                .fault
                .clone()
                .or_else(|| self.door.fault());
            match (look(self), fault) {
                (Some(found), _) => Poll::Ready(Ok(Some(found))),
                (None, Some(fault)) => Poll::Ready(Err(fault)),
                (None, None) if self.driver.answers.unsupported.is_some() => {
                    Poll::Ready(Err("the driver does not do this".to_owned()))
                }
                (None, None) if self.driver.is_over() => Poll::Ready(Ok(None)),
                (None, None) => Poll::Pending,
            }
        });
        let looked = timeout(time, looking).await;
        if let Ok(Ok(None)) = looked {
            return Err(self.driver.how_it_ended().await);
        }
        looked.unwrap_or(Ok(None))
    }

    /// The same, where it is to be there in time.
    pub(super) async fn until<T>(
        &mut self,
        what: &str,
        look: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<T, String> {
        let found = self.within(PATIENCE, look).await?;
        found.ok_or_else(|| {
            format!(
                "expected {what}, got nothing within {} s",
                PATIENCE.as_secs()
            )
        })
    }

    /// Something of the connection of that name to which something may be done, which may have to come first.
    pub(super) async fn of_line<T>(
        &mut self,
        name: &str,
        what: &str,
        mut look: impl FnMut(&mut Line) -> Option<T>,
    ) -> Result<T, String> {
        let look = |stage: &mut Self| look(stage.door.live(name)?);
        self.until(what, look).await
    }

    /// Dismisses the driver and waits for it to leave, while its client's goodbyes are heard and answered.
    pub(super) async fn leave(&mut self) -> Result<(), String> {
        self.driver.dismiss();
        self.door.hear_all();
        let what = "the driver is still there";
        self.goes(what, |it| it.driver.has_left()).await?;
        let what = "a connection of the driver's is still there";
        self.goes(what, |it| Ok(it.door.is_left())).await
    }

    /// Waits until that has gone.
    async fn goes(
        &mut self,
        what: &str,
        mut has_gone: impl FnMut(&mut Self) -> Result<bool, String>,
    ) -> Result<(), String> {
        let since = Instant::now();
        while !has_gone(self)? {
            if since.elapsed() >= PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Err(format!("{what} {seconds} s after its stdin ended"));
            }
            let idle = poll_fn(|cx| {
                self.driver.poll(cx);
                self.door.poll(cx, &mut self.desk, &mut self.record);
                Poll::<()>::Pending
            });
            // Ends with the time and no earlier.
            drop(timeout(TICK, idle).await);
        }
        Ok(())
    }

    /// Gives the driver an order. Where it is to connect, it is told where.
    pub(super) fn order(&mut self, mut order: Map<String, Value>) -> u64 {
        if order.get("do").is_some_and(|it| it == "connect") {
            let url = format!("http://{}", self.door.address);
            order.entry("url").or_insert(Value::String(url));
        }
        self.record.order(&Value::Object(order.clone()));
        self.driver.order(order)
    }

    /// The answer to an order.
    pub(super) async fn answer(&mut self, number: u64, time: Duration) -> Result<Value, String> {
        let answer = self.within(time, |it| it.driver.answer(number)).await?;
        let answer = answer.ok_or_else(|| format!("no answer within {} s", time.as_secs_f64()))?;
        self.record.answer(&answer);
        Ok(answer)
    }
}
