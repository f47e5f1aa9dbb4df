//! Running steps: each with its time, all of them even where one fails, and a last line that counts.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::steps::{STEPS, Step, When};

/// Prints the table.
pub(crate) fn list() {
    for step in STEPS {
        let by_hand = if step.when == When::ByHand {
            " (by hand only)"
        } else {
            ""
        };
        let needs: Vec<String> = step.needs.iter().map(ToString::to_string).collect();
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!("; needs {}", needs.join(", "))
        };
        println!("{:<13} {}{by_hand}{needs}", step.name, step.what);
    }
}

/// Runs the named steps, or all that are not by hand. The exit code tells whether all passed.
pub(crate) fn run(project: &Project, names: &[&str]) -> Result<ExitCode> {
    let steps = chosen(names)?;
    let clock = Clock::start();
    let results: Vec<(&Step, Duration, bool)> =
        steps.iter().map(|step| timed(project, step)).collect();
    println!("\n== all ({:.0} s)", clock.elapsed().as_secs_f64());
    for (step, took, passed) in &results {
        let verdict = if *passed { "pass" } else { "FAIL" };
        println!("{verdict}  {:<13} {:>6.1} s", step.name, took.as_secs_f64());
    }
    let passed = results.iter().filter(|(_, _, passed)| *passed).count();
    let failed = results.len() - passed;
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn chosen(names: &[&str]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS
            .iter()
            .filter(|step| step.when == When::Always)
            .collect());
    }
    names.iter().map(|name| named(name)).collect()
}

fn named(name: &str) -> Result<&'static Step> {
    let Some(step) = STEPS.iter().find(|step| step.name == name) else {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step {name:?}; there are {}", known.join(", "));
    };
    Ok(step)
}

fn timed<'a>(project: &Project, step: &'a Step) -> (&'a Step, Duration, bool) {
    println!("\n== {}: {}", step.name, step.what);
    let clock = Clock::start();
    let result = attempt(project, step);
    let took = clock.elapsed();
    match &result {
        Ok(()) => println!("== {} passed ({:.1} s)", step.name, took.as_secs_f64()),
        Err(error) => println!(
            "== {} FAILED ({:.1} s)\n{error:#}",
            step.name,
            took.as_secs_f64()
        ),
    }
    (step, took, result.is_ok())
}

fn attempt(project: &Project, step: &Step) -> Result<()> {
    for need in step.needs {
        need.install(project)
            .with_context(|| format!("{} needs {need}", step.name))?;
    }
    (step.run)(project)
}

/// How long something took.
struct Clock(Instant);

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this measures the machine's own work; there is nothing to inject"
    )]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
