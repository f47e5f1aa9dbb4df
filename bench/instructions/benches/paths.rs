//! The paths that everybody takes, each with the instructions that it may take at most: a little above what it takes.
//!
//! A count that is over its bound fails `cargo xtask test instructions`. Whoever makes a path cheaper lowers its bound in the same
//! commit; whoever makes it dearer says in theirs what for.

#![allow(missing_docs, reason = "the macros make public modules")]
#![allow(
    clippy::unwrap_used,
    reason = "a path that is not taken must not be counted"
)]

use std::{hint::black_box, sync::Arc};

use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use longwire_engine::Job;
use longwire_instructions::{Bench, ended_jobs_kept, written};
use longwire_modules::{Catalogue, Query, Question, cpp, search};
use longwire_protocol::{
    EventFrame, JobId, OnDisconnect, ParseLimits, Request, Seconds, Spec, Timestamp,
};

/// What it may take at most, in instructions.
mod bounds {
    pub(crate) const PARSE_A_START: u64 = 1_530;
    pub(crate) const HUNDRED_JOBS: u64 = 1_030_000;
    pub(crate) const HUNDRED_RUNNING: u64 = 910_000;
    pub(crate) const HUNDRED_KILLS: u64 = 940_000;
    pub(crate) const HUNDRED_KILLS_IN_ANY_ORDER: u64 = 985_000;
    pub(crate) const FIRST_PAGE: u64 = 1_060_000;
    pub(crate) const TWO_EVENTS: u64 = 3_700;
    pub(crate) const A_KEYSTROKE: u64 = 70_500;
}

fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::with_args(["--cache-sim=no"]);
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

const MANY: u32 = 100_000;
const START: &str = r#"{"route":"request","connid":"17-3","time":0,"id":1}"#;

fn starts(time: u32, from: u32, count: u32) -> impl Iterator<Item = String> {
    (from..from + count)
        .map(move |job| format!(r#"{{"route":"request","connid":"17-{job}","time":{time}}}"#))
}

fn kill_of(job: u32) -> String {
    format!(r#"{{"route":"kill","connid":"17-{job}"}}"#)
}

#[library_benchmark(config = at_most(bounds::PARSE_A_START))]
fn parse_a_start() -> bool {
    black_box(Request::parse(
        black_box(START),
        black_box(&ParseLimits::default()),
    ))
    .is_ok()
}

/// A server that is full of what has ended, and the frames that are to come.
fn worn_in() -> (Bench, Vec<String>) {
    let before = ended_jobs_kept() + 20_000;
    let bench = Bench::new().after(starts(0, 0, before));
    (bench, starts(0, before, 100).collect())
}

// A hundred jobs of no time, each with all its frames.
#[library_benchmark(config = at_most(bounds::HUNDRED_JOBS))]
#[bench::worn_in(args = (), setup = worn_in)]
fn start_and_end((bench, frames): (Bench, Vec<String>)) -> Bench {
    for frame in &frames {
        assert_eq!(black_box(bench.answer(frame)).len(), 2);
    }
    bench
}

fn with_running() -> (Bench, Vec<String>) {
    let bench = Bench::new().after(starts(600, 0, 1_000));
    (bench, starts(600, 1_000, 100).collect())
}

// A hundred jobs that run on.
#[library_benchmark(config = at_most(bounds::HUNDRED_RUNNING))]
#[bench::beside_a_thousand(args = (), setup = with_running)]
fn start((bench, frames): (Bench, Vec<String>)) -> Bench {
    for frame in &frames {
        assert_eq!(black_box(bench.answer(frame)).len(), 1);
    }
    bench
}

fn to_be_killed() -> (Bench, Vec<String>) {
    let bench = Bench::new().after(starts(600, 0, 1_000));
    (bench, (0..100).map(kill_of).collect())
}

/// From all over them: each is far from the last, in memory, too.
fn to_be_killed_in_any_order() -> (Bench, Vec<String>) {
    let bench = Bench::new().after(starts(600, 0, MANY));
    let any = |number: u32| number * 61_803 % MANY;
    (bench, (0..100).map(any).map(kill_of).collect())
}

// A hundred jobs killed, to their ends.
#[library_benchmark]
#[bench::of_a_thousand(config = at_most(bounds::HUNDRED_KILLS), args = (), setup = to_be_killed)]
#[bench::in_any_order(config = at_most(bounds::HUNDRED_KILLS_IN_ANY_ORDER), args = (), setup = to_be_killed_in_any_order)]
fn kill((bench, frames): (Bench, Vec<String>)) -> Bench {
    for frame in &frames {
        assert_eq!(black_box(bench.answer(frame)).len(), 1);
    }
    bench.settle();
    bench
}

fn with_many() -> Bench {
    Bench::new().after(starts(600, 0, MANY))
}

// The first page of a hundred thousand jobs.
#[library_benchmark(config = at_most(bounds::FIRST_PAGE))]
#[bench::of_a_hundred_thousand(args = (), setup = with_many)]
fn status(bench: Bench) -> Bench {
    assert!(black_box(bench.answer(r#"{"route":"status"}"#))[0].contains(r#""total":100000"#));
    bench
}

fn ended() -> (Arc<Spec>, [longwire_protocol::Event; 2]) {
    let at = Timestamp::from_micros(1_800_000_000_000_000);
    let spec = Arc::new(Spec {
        job: JobId::from_bits(1),
        connid: "17-3".parse().unwrap(),
        route: "request".into(),
        time: Seconds::ZERO,
        idle_time: None,
        queue_time: None,
        input: None,
        tags: std::sync::Arc::default(),
        on_disconnect: OnDisconnect::Keep,
        by: "anonymous".into(),
    });
    let (mut job, first) = Job::accept(Arc::clone(&spec), false, at);
    let last = job.end(longwire_engine::Work::Done(None), at).unwrap();
    (spec, [first, last])
}

#[library_benchmark(config = at_most(bounds::TWO_EVENTS))]
#[bench::of_a_job(args = (), setup = ended)]
fn write_two_events((spec, events): (Arc<Spec>, [longwire_protocol::Event; 2])) -> usize {
    let texts = black_box(&events)
        .each_ref()
        .map(|event| black_box(written(&EventFrame::new(&spec, event, false))));
    texts.iter().map(String::len).sum()
}

fn catalogue() -> (Arc<Catalogue>, Query) {
    let question = Question {
        text: "push".to_owned(),
        lib: vec!["basic_string".to_owned(), "vector".to_owned()],
        ..Question::default()
    };
    (cpp().get().unwrap(), question.check().unwrap())
}

#[library_benchmark(config = at_most(bounds::A_KEYSTROKE))]
#[bench::in_the_standard_library(args = (), setup = catalogue)]
fn search_a_keystroke((catalogue, query): (Arc<Catalogue>, Query)) -> usize {
    let page = black_box(search(&catalogue, black_box(&query))).unwrap();
    serde_json::to_string(&page.data).unwrap().len()
}

library_benchmark_group!(
    name = paths,
    benchmarks = [
        parse_a_start,
        start_and_end,
        start,
        kill,
        status,
        write_two_events,
        search_a_keystroke,
    ]
);

main!(library_benchmark_groups = paths);
