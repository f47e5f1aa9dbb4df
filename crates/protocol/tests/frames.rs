//! Whatever is written can be read back, and no text breaks a reader.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::sync::Arc;

use longwire_protocol::{
    Append, Change, Claim, Claimed, Clock, Code, Connid, Done, End, EndJob, EndedView, Event,
    EventFrame, Extend, Failure, FeedFrame, Found, FrameId, Gap, GapFrame, HandOver, JobId,
    JobView, Kill, KillNote, Lease, ModuleState, ModuleView, ModulesPage, ModulesQuery, Notice,
    OnConflict, OnDisconnect, Outcome, Output, ParseLimits, Payload, Progress, Receipt, Refusal,
    RefusalFrame, Request, RouteView, RoutesPage, RoutesQuery, SEARCH, Search, Seconds,
    ServerFrame, Spec, Start, Started, Status, StatusPage, StatusQuery, Stream, Tags, Timestamp,
    Unwatch, VERBS, Watch, Where, Wish, WorkError,
};
use proptest::{collection::vec, option::of, prelude::*, sample::select};

fn connid() -> impl Strategy<Value = Connid> {
    "[^/\\\\\\p{Cc}]{1,30}".prop_filter_map("not a name", |name| Connid::new(&name).ok())
}

fn frame_id() -> impl Strategy<Value = FrameId> {
    prop_oneof![
        any::<u64>().prop_map(|n| n.to_string()),
        any::<i32>().prop_map(|n| format!("{n}.250")),
        "\\PC{0,20}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
    .prop_map(|json| serde_json::from_str(&json).unwrap())
}

fn job_id() -> impl Strategy<Value = JobId> {
    any::<u128>().prop_map(JobId::from_bits)
}

fn seconds() -> impl Strategy<Value = Seconds> {
    (0..1_000_000_000_000u64).prop_map(Seconds::from_micros)
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0..253_402_300_800_000u64).prop_map(|millis| Timestamp::from_micros(millis * 1000))
}

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof!["\\PC{0,20}", "[\\x00-\\x7f]{0,20}"].prop_map(Into::into)
}

fn word() -> impl Strategy<Value = Arc<str>> {
    text().prop_map(Into::into)
}

fn route() -> impl Strategy<Value = Box<str>> {
    text().prop_filter("a verb or nothing", |route| {
        !route.is_empty() && !VERBS.contains(&&**route)
    })
}

/// Any JSON but null, which is the same as nothing.
fn payload() -> impl Strategy<Value = Payload> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        text().prop_map(|text| serde_json::Value::from(&*text)),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            vec((".{0,5}", inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
    .prop_map(|value| Payload::new(&value).unwrap())
}

fn tags() -> impl Strategy<Value = Tags> {
    vec("\\PC{1,16}".prop_map(Into::into), 0..5).prop_map(Into::into)
}

fn start() -> impl Strategy<Value = Start> {
    let conflicts = [OnConflict::Reject, OnConflict::Attach, OnConflict::Replace];
    let ends = [OnDisconnect::Keep, OnDisconnect::Kill];
    (
        (
            route(),
            of(connid()),
            of(seconds()),
            of(seconds()),
            of(seconds()),
        ),
        (
            of(payload()),
            select(conflicts.to_vec()),
            select(ends.to_vec()),
            tags(),
        ),
    )
        .prop_map(
            |((route, connid, time, idle_time, queue_time), rest)| Start {
                route,
                connid,
                time,
                idle_time,
                queue_time,
                input: rest.0,
                on_conflict: rest.1,
                on_disconnect: rest.2,
                tags: rest.3,
            },
        )
}

fn filter() -> impl Strategy<Value = Where> {
    (of(text()), of(text())).prop_map(|(route, tag)| Where { route, tag })
}

/// A job's name: one or the other.
fn name() -> impl Strategy<Value = (Option<Connid>, Option<JobId>)> {
    prop_oneof![
        connid().prop_map(|connid| (Some(connid), None)),
        job_id().prop_map(|job| (None, Some(job))),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        start().prop_map(Request::Start),
        (name(), of(text()), any::<bool>()).prop_map(|((connid, job), reason, wait)| {
            Request::Kill(Kill {
                connid,
                job,
                filter: None,
                reason,
                wait,
            })
        }),
        (text(), of(text()), of(text())).prop_map(|(route, tag, reason)| {
            Request::Kill(Kill {
                connid: None,
                job: None,
                filter: Some(Where {
                    route: Some(route),
                    tag,
                }),
                reason,
                wait: false,
            })
        }),
        (of(name()), of(1..=1000u16), of(job_id()), of(filter())).prop_map(
            |(name, limit, after, filter)| {
                let (connid, job) = name.unwrap_or_default();
                Request::Status(StatusQuery {
                    connid,
                    job,
                    limit,
                    after,
                    filter,
                })
            }
        ),
        (of(name()), of(any::<u64>())).prop_map(|(name, after)| {
            let (connid, job) = name.unwrap_or_default();
            Request::Watch(Watch { connid, job, after })
        }),
        of(name()).prop_map(|name| {
            let (connid, job) = name.unwrap_or_default();
            Request::Unwatch(Unwatch { connid, job })
        }),
        (name(), seconds()).prop_map(|((connid, job), time)| Request::Extend(Extend {
            connid,
            job,
            time
        })),
        Just(Request::Routes(RoutesQuery {})),
        Just(Request::Modules(ModulesQuery {})),
        search().prop_map(Request::Search),
        claim().prop_map(Request::Claim),
        append().prop_map(Request::Append),
        end_job().prop_map(Request::End),
    ]
}

fn search() -> impl Strategy<Value = Search> {
    // `id` and `route` are the frame's own.
    prop::collection::btree_map("lib|text|limit|other", payload(), 0..4)
        .prop_map(|fields| Search::new(&fields).unwrap())
}

fn found() -> impl Strategy<Value = Found> {
    (of(frame_id()), text(), payload())
        .prop_map(|(id, message, data)| Found::new(id, message, data))
}

fn modules_page() -> impl Strategy<Value = ModulesPage> {
    let state = prop_oneof![
        Just(ModuleState::Ready),
        Just(ModuleState::Reading),
        Just(ModuleState::Broken),
    ];
    let words = (text(), text(), of(text()), of(text()));
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>());
    let view = (words, numbers, state).prop_map(
        |((name, title, trouble, digest), (symbols, libs, bytes), state)| ModuleView {
            sources: [title.clone()].into(),
            name,
            title,
            state,
            trouble,
            symbols,
            libs,
            bytes,
            digest,
        },
    );
    (of(frame_id()), vec(view, 0..3)).prop_map(|(id, modules)| ModulesPage {
        id,
        route: "modules".into(),
        status: Status::Ok,
        modules,
    })
}

fn lease() -> impl Strategy<Value = Lease> {
    (job_id(), any::<u128>()).prop_map(|(job, secret)| Lease::new(job, secret))
}

fn claim() -> impl Strategy<Value = Claim> {
    let name = "[a-z0-9-]{1,9}".prop_map(Into::into);
    (
        vec(route(), 1..4),
        0..=1000u32,
        of(name),
        vec(lease(), 0..3),
    )
        .prop_map(|(routes, slots, worker, leases)| Claim {
            routes: routes.into(),
            slots,
            worker,
            leases: leases.into(),
        })
}

fn append() -> impl Strategy<Value = Append> {
    let output = prop_oneof![
        word().prop_map(|text| Output::of_text(Stream::Stderr, text)),
        vec(any::<u8>(), 0..20).prop_map(|bytes| Output::of_bytes(Stream::Stdout, &bytes)),
    ];
    (lease(), output, of(progress())).prop_map(|(lease, output, progress)| Append {
        lease,
        output: Some(output.text),
        encoding: output.encoding,
        stream: output.stream,
        progress,
    })
}

fn end_job() -> impl Strategy<Value = EndJob> {
    let error = ("[a-z_]{1,20}", text(), of(payload()));
    let error = error.prop_map(|(code, message, detail)| WorkError {
        code: code.into(),
        message,
        detail,
    });
    (lease(), of(payload()), of(error)).prop_map(|(lease, result, error)| EndJob {
        lease,
        result: result.filter(|_| error.is_none()),
        error,
    })
}

fn hand_over() -> impl Strategy<Value = HandOver> {
    (spec(), lease(), any::<u64>(), seconds(), 1..9u32).prop_map(
        |(spec, lease, seq, left, attempt)| HandOver {
            lease,
            job: spec.job,
            connid: spec.connid,
            route: spec.route,
            seq,
            status: Status::Running,
            time: spec.time,
            left,
            input: spec.input,
            grace: left,
            lease_time: spec.time,
            attempt,
        },
    )
}

fn claimed() -> impl Strategy<Value = Claimed> {
    (of(frame_id()), any::<u32>(), vec(lease(), 0..3)).prop_map(|(id, slots, lost)| Claimed {
        id,
        route: "claim".into(),
        status: Status::Ok,
        slots,
        lost,
    })
}

fn failure() -> impl Strategy<Value = Failure> {
    (text(), text(), of(payload())).prop_map(|(code, message, detail)| Failure {
        code,
        message,
        detail,
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    (word(), of(word())).prop_map(|(by, reason)| Wish { by, reason })
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let signals = vec(select(&["TERM", "KILL", "INT"][..]), 0..3);
    (
        wish(),
        any::<bool>(),
        of(any::<u32>()),
        signals,
        any::<u64>(),
    )
        .prop_map(|(wish, forced, survivors, signals, ms)| Receipt {
            wish,
            forced,
            survivors,
            signals: signals.into_iter().map(Into::into).collect(),
            ms,
        })
}

fn clock() -> impl Strategy<Value = Clock> {
    select(&[Clock::Time, Clock::IdleTime, Clock::QueueTime][..])
}

fn end() -> impl Strategy<Value = End> {
    (
        select(&Outcome::ALL[..]),
        of(payload()),
        of(failure()),
        of(receipt()),
        of(clock()),
    )
        .prop_map(|(outcome, result, error, kill, clock)| End {
            outcome,
            result,
            error,
            kill,
            clock,
        })
}

fn progress() -> impl Strategy<Value = Progress> {
    let number = || of((-1_000_000i32..1_000_000).prop_map(|n| f64::from(n) / 8.0));
    (number(), number(), of(text())).prop_map(|(done, total, note)| Progress { done, total, note })
}

fn spec() -> impl Strategy<Value = Spec> {
    (
        (
            job_id(),
            connid(),
            route(),
            seconds(),
            of(seconds()),
            of(seconds()),
        ),
        (of(payload()), tags(), word()),
    )
        .prop_map(
            |((job, connid, route, time, idle_time, queue_time), (input, tags, by))| Spec {
                job,
                connid,
                route: route.into(),
                time,
                idle_time,
                queue_time,
                input,
                tags,
                on_disconnect: OnDisconnect::Keep,
                by,
            },
        )
}

/// Every kind of change, whether or not it can come first in a log.
fn change() -> impl Strategy<Value = Change> {
    let streams = [Stream::Stdout, Stream::Stderr];
    prop_oneof![
        spec().prop_map(|spec| Change::Accepted(spec.into())),
        Just(Change::Taken),
        progress().prop_map(|progress| Change::Progress(progress.into())),
        (word(), select(streams.to_vec()))
            .prop_map(|(text, stream)| Change::Output(Output::of_text(stream, text))),
        (vec(any::<u8>(), 0..9), select(streams.to_vec()))
            .prop_map(|(bytes, stream)| Change::Output(Output::of_bytes(stream, &bytes))),
        wish().prop_map(|wish| Change::Wished(wish.into())),
        clock().prop_map(Change::TimeUp),
        timestamp().prop_map(Change::Extended),
        end().prop_map(|end| Change::Ended(end.into())),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    select(&Status::ALL[..])
}

fn event_frame() -> impl Strategy<Value = EventFrame> {
    let plain = plain_event_frame();
    (plain, of(lease()), of(timestamp())).prop_map(|(frame, lease, at)| EventFrame {
        lease,
        at,
        ..frame
    })
}

fn plain_event_frame() -> impl Strategy<Value = EventFrame> {
    (
        spec(),
        1..u64::MAX,
        timestamp(),
        status(),
        change(),
        any::<bool>(),
    )
        .prop_map(|(spec, seq, at, status, change, by_job)| {
            EventFrame::new(
                &spec,
                &Event {
                    seq,
                    at,
                    attempt: 1 + u32::from(by_job),
                    status,
                    change,
                },
                by_job,
            )
        })
}

fn started() -> impl Strategy<Value = Started> {
    (
        (
            frame_id(),
            connid(),
            job_id(),
            any::<u64>(),
            status(),
            route(),
        ),
        (seconds(), seconds(), of(any::<u64>()), any::<bool>()),
    )
        .prop_map(
            |((id, connid, job, seq, status, route), (time, left, position, attached))| Started {
                id: Some(id),
                connid,
                job,
                seq,
                status,
                route: route.into(),
                time,
                left,
                position,
                attached,
            },
        )
}

fn ended_view() -> impl Strategy<Value = EndedView> {
    (
        status(),
        any::<u64>(),
        of(failure()),
        of(clock()),
        of(receipt()),
    )
        .prop_map(|(status, seq, error, clock, kill)| EndedView {
            status,
            seq,
            error,
            clock,
            kill,
        })
}

fn done() -> impl Strategy<Value = Done> {
    (
        (
            of(frame_id()),
            select(&["kill", "watch", "unwatch", "extend"][..]),
            of(connid()),
            of(job_id()),
        ),
        (
            of(any::<u64>()),
            of(any::<u64>()),
            of(seconds()),
            of(seconds()),
            of(ended_view()),
        ),
    )
        .prop_map(
            |((id, verb, connid, job), (seq, feed, time, left, ended))| Done {
                id,
                connid,
                job,
                seq,
                feed,
                time,
                left,
                ended: ended.map(Box::new),
                ..Done::new(verb)
            },
        )
}

fn job_view() -> impl Strategy<Value = JobView> {
    let note = prop_oneof![
        receipt().prop_map(KillNote::Receipt),
        wish().prop_map(|wish| KillNote::Wish(wish.into())),
    ];
    (
        (
            connid(),
            job_id(),
            route(),
            status(),
            seconds(),
            of(seconds()),
            seconds(),
            timestamp(),
        ),
        (
            of(timestamp()),
            of(timestamp()),
            any::<u64>(),
            of(any::<u64>()),
            of(seconds()),
            of(seconds()),
        ),
        (
            of(progress()),
            tags(),
            word(),
            of(note),
            of(clock()),
            of(payload()),
            of(failure()),
        ),
    )
        .prop_map(|(one, two, three)| JobView {
            connid: one.0,
            job: one.1,
            route: one.2.into(),
            status: one.3,
            time: one.4,
            left: one.5,
            elapsed: one.6,
            accepted_at: one.7,
            started_at: two.0,
            ended_at: two.1,
            seq: two.2,
            attempt: two.3.map(|_| 2),
            position: two.3,
            idle_time: two.4,
            queue_time: two.5,
            progress: three.0.map(Arc::new),
            tags: three.1.to_vec(),
            by: three.2,
            kill: three.3,
            clock: three.4,
            result: three.5,
            error: three.6,
        })
}

fn status_page() -> impl Strategy<Value = StatusPage> {
    (
        of(frame_id()),
        of(any::<u64>()),
        vec(job_view(), 0..3),
        of(job_id()),
    )
        .prop_map(|(id, total, jobs, next)| StatusPage {
            id,
            route: "status".into(),
            status: Status::Ok,
            total,
            jobs,
            next,
        })
}

fn route_view() -> impl Strategy<Value = RouteView> {
    let times = (
        seconds(),
        seconds(),
        seconds(),
        of(seconds()),
        of(seconds()),
    );
    let counts = (
        any::<u64>(),
        any::<u64>(),
        of(any::<u64>()),
        any::<bool>(),
        of(any::<u64>()),
    );
    (word(), word(), of(payload()), times, counts).prop_map(
        |(route, description, schema, times, counts)| RouteView {
            route,
            description,
            time: times.0,
            max_time: times.1,
            kill_grace: times.2,
            idle_time: times.3,
            queue_time: times.4,
            queued: counts.0,
            running: counts.1,
            concurrency: counts.2,
            workers: counts.4,
            durable: counts.3,
            schema,
        },
    )
}

fn routes_page() -> impl Strategy<Value = RoutesPage> {
    (of(frame_id()), vec(route_view(), 0..3)).prop_map(|(id, routes)| RoutesPage {
        id,
        route: "routes".into(),
        status: Status::Ok,
        routes,
    })
}

fn refusal_frame() -> impl Strategy<Value = RefusalFrame> {
    (
        (
            of(frame_id()),
            of(prop_oneof![text(), Just(SEARCH.into())]),
            select(&Code::ALL[..]),
            text(),
        ),
        (of(text()), of(connid()), of(ended_view())),
    )
        .prop_map(|((id, route, code, message), (field, connid, ended))| {
            let mut refusal = Refusal::new(code, message.into_string());
            refusal.field = field.map(|field| field.into_string().into());
            refusal.connid = connid;
            refusal.ended = ended.map(Box::new);
            RefusalFrame::new(id, route.as_deref(), refusal)
        })
}

fn feed_frame() -> impl Strategy<Value = FeedFrame> {
    (
        (any::<u64>(), timestamp(), connid(), job_id(), route()),
        (any::<u64>(), status(), of(seconds())),
        (of(word()), tags()),
    )
        .prop_map(
            |((feed, at, connid, job, route), (seq, status, left), (by, tags))| FeedFrame {
                feed,
                at,
                connid,
                job,
                route: route.into(),
                seq,
                status,
                left,
                by,
                tags,
            },
        )
}

fn gap_frame() -> impl Strategy<Value = GapFrame> {
    (of(connid()), of(job_id()), any::<u64>(), any::<u64>()).prop_map(|(connid, job, from, to)| {
        GapFrame {
            connid,
            job,
            gap: Gap { from, to },
        }
    })
}

/// Every frame of a server, as it is written and as it is to be read.
fn written() -> impl Strategy<Value = (String, ServerFrame)> {
    fn json(frame: &impl serde::Serialize) -> String {
        serde_json::to_string(frame).unwrap()
    }
    // Each on the heap: together they are more than a stack holds.
    prop_oneof![
        started()
            .prop_map(|f| (json(&f), ServerFrame::Started(f)))
            .boxed(),
        done()
            .prop_map(|f| (json(&f), ServerFrame::Done(f)))
            .boxed(),
        status_page()
            .prop_map(|f| (json(&f), ServerFrame::Status(f)))
            .boxed(),
        routes_page()
            .prop_map(|f| (json(&f), ServerFrame::Routes(f)))
            .boxed(),
        found()
            .prop_map(|f| (json(&f), ServerFrame::Found(f)))
            .boxed(),
        modules_page()
            .prop_map(|f| (json(&f), ServerFrame::Modules(f)))
            .boxed(),
        refusal_frame()
            .prop_map(|f| (json(&f), ServerFrame::Refused(Box::new(f))))
            .boxed(),
        event_frame()
            .prop_map(|f| (json(&f), ServerFrame::Event(Box::new(f))))
            .boxed(),
        feed_frame()
            .prop_map(|f| (json(&f), ServerFrame::Feed(f)))
            .boxed(),
        gap_frame()
            .prop_map(|f| (json(&f), ServerFrame::Gap(f)))
            .boxed(),
        claimed()
            .prop_map(|f| (json(&f), ServerFrame::Claimed(f)))
            .boxed(),
        hand_over()
            .prop_map(|f| (json(&f), ServerFrame::HandOver(Box::new(f))))
            .boxed(),
        seconds()
            .prop_map(|left| {
                let frame = Notice::ShuttingDown { left };
                (json(&frame), ServerFrame::Notice(frame))
            })
            .boxed(),
    ]
}

/// Keys of frames.
const KEYS: &[&str] = &[
    "route",
    "id",
    "connid",
    "time",
    "input",
    "tags",
    "where",
    "limit",
    "after",
    "job",
    "wait",
    "status",
    "seq",
    "gap",
    "feed",
    "left",
    "notice",
    "routes",
    "slots",
    "leases",
    "lease",
    "output",
    "encoding",
    "stream",
    "progress",
    "result",
    "error",
    "lease_time",
];

/// Values that some of them may have.
const VALUES: &[&str] = &[
    "null",
    "0",
    "-1",
    "1.5",
    "1e999",
    "true",
    "\"\"",
    "\"kill\"",
    "\"status\"",
    "\"watch\"",
    "\"claim\"",
    "\"append\"",
    "\"end\"",
    "\"base64\"",
    "\"0197a5b06a577b4e9d3c2f1e8c4d5a605d0e4f6f0f1e4b7a9c3d2b1a09f8e7d6\"",
    "[\"render\"]",
    "{\"code\":\"x\"}",
    "\"request\"",
    "\"\\ud800\"",
    "\"ok\"",
    "\"error\"",
    "{}",
    "[]",
    "[null]",
    "{\"tag\":1}",
    "{\"from\":1,\"to\":2}",
    "",
    "}",
];

/// Texts that come near to being frames.
fn nearly_a_frame() -> impl Strategy<Value = String> {
    vec((select(KEYS), select(VALUES)), 0..6).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| format!("\"{key}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn no_text_panics(text in prop_oneof!["\\PC{0,60}", "[\\[\\]{}\":,a-z0-9.\\\\-]{0,60}", nearly_a_frame()]) {
        if let Err(refused) = Request::parse(&text, &ParseLimits::default()) {
            serde_json::to_string(&refused).unwrap();
        }
        let _ = Start::parse(&text, &ParseLimits::default());
        let _ = Extend::parse_time(&text);
        let _ = ServerFrame::parse(&text);
    }

    #[test]
    fn what_a_client_writes_is_what_a_server_reads(request in request(), id in of(frame_id())) {
        let frame = request.to_frame(id.as_ref()).unwrap();
        let read = Request::parse(&frame, &ParseLimits::default());
        prop_assert_eq!(read, Ok((id, request)), "{}", frame);
    }

    #[test]
    fn what_a_server_writes_is_what_a_client_reads((text, frame) in written()) {
        let read = ServerFrame::parse(&text);
        prop_assert!(read.as_ref().is_ok_and(|read| *read == frame), "{}\n{:?}\n{:?}", text, read, frame);
        prop_assert!(!text.contains('\n'), "one line: {}", text);
    }

    #[test]
    fn a_payload_is_the_same_whatever_its_blanks(payload in payload()) {
        let value: serde_json::Value = payload.read().unwrap();
        let spaced: Payload = serde_json::from_str(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        prop_assert_eq!(payload, spaced);
    }
}
