//! A route that is a command.

mod end;
mod plan;
mod run;

use longwire_engine::{BadInput, Consumer, Serving, Task};
use longwire_protocol::{Payload, Seconds};

use crate::{config::ExecConfig, keeper};
use plan::Plan;

/// Serves its jobs with a command each.
pub(crate) struct Exec(Plan);

impl Exec {
    /// The consumer of a route's configuration.
    ///
    /// # Errors
    /// Why it cannot be served.
    pub(crate) fn new(config: &ExecConfig) -> Result<Self, String> {
        if !longwire_shim::is_hooked() {
            return Err(
                "commands need this program to call longwire_shim::hook() first of all in its main"
                    .to_owned(),
            );
        }
        let cgroup = config.cgroup.then(longwire_shim::Cgroup::own).flatten();
        Plan::new(config, cgroup).map(Self)
    }
}

impl Consumer for Exec {
    fn serve(&self, task: Task) -> Serving {
        let start = self.0.start(task.spec(), task.attempt(), task.grace());
        Box::pin(run::run(start, task, self.0.outlet()))
    }

    fn check(&self, input: Option<&Payload>) -> Result<(), BadInput> {
        self.0.fill(input).map(drop)
    }

    fn schema(&self) -> Option<Payload> {
        Payload::new(&self.0.schema()?).ok()
    }

    fn force_time(&self) -> Option<Seconds> {
        Some((keeper::FORCE + keeper::ORDER).into())
    }
}
