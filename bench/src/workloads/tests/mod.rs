//! The workloads, played for a moment against the real server, within this process.

mod liar;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use longwire_server::{Server, config::Config};

use self::liar::{Lie, with_liar};
use super::*;
use crate::contenders::Kind;
use crate::dialects::Dialect;
use crate::process::Tree;

const SPAN: Span = Span {
    warm: Duration::from_millis(20),
    measured: Duration::from_millis(150),
};
const SMALL: Scale = Scale {
    span: SPAN,
    ..Scale::QUICK
};

const BASE: &str = "listen = \"127.0.0.1:0\"\nshutdown_grace_seconds = 0\n";

/// Runs a server with this configuration for as long as the test takes.
fn with_server(config: &str, test: impl FnOnce(&Target)) {
    let config = Config::from_toml(&format!("{BASE}{config}"), "test").unwrap();
    let (send, receive) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = thread::spawn(move || {
        runtime.block_on(async {
            let server = Server::bind(config).await.unwrap();
            send.send(server.local_addr()).unwrap();
            let stopped = async { drop(stopped.await) };
            server.run(stopped, std::future::pending()).await
        })
    });
    test(&target(receive.recv().unwrap(), Dialect::Json));
    drop(stop);
    server.join().unwrap().unwrap();
}

fn target(address: SocketAddr, dialect: Dialect) -> Target {
    Target {
        address,
        dialect,
        tree: Tree {
            root: std::process::id(),
        },
    }
}

fn figure(measured: &Measured, name: &str) -> f64 {
    measured.figures[name]
}

#[test]
fn requests_of_zero_time_are_answered_one_after_the_other() {
    with_server("", |target| {
        for depth in [1, 32] {
            let measured = Workload::W1.on(target, Ask::Depth(depth), &SMALL).unwrap();
            assert!(figure(&measured, "per_second") > 100.0, "{measured:?}");
            assert!(
                figure(&measured, "p50_us") <= figure(&measured, "p99_us"),
                "{measured:?}"
            );
            assert!(
                measured.shares.load > 0.0 && measured.shares.server > 0.0,
                "{measured:?}"
            );
        }
    });
}

#[test]
fn many_requests_run_and_are_listed() {
    with_server("", |target| {
        let measured = Workload::W2.on(target, Ask::Running(1000), &SMALL).unwrap();
        assert!(figure(&measured, "start_us_last") > 0.0, "{measured:?}");
        assert!(figure(&measured, "page_p50_us") > 0.0, "{measured:?}");
    });
}

#[test]
fn every_kill_is_answered_and_its_notice_comes() {
    with_server("", |target| {
        for order in [Order::Started, Order::Random] {
            let ask = Ask::Kills {
                requests: 1000,
                depth: 4,
                order,
            };
            let measured = Workload::W3.on(target, ask, &SMALL).unwrap();
            assert!(figure(&measured, "per_second") > 100.0, "{measured:?}");
            let [late, p99] =
                ["half_rate_late_p99_us", "half_rate_p99_us"].map(|name| figure(&measured, name));
            assert!(0.0 < late && late <= p99, "{measured:?}");
            assert_eq!(figure(&measured, "notices_percent"), 100.0);
        }
    });
}

/// More than a page has of them.
#[test]
fn what_is_held_is_listed_and_killed() {
    with_server("", |target| {
        let measured = Workload::W9.on(target, Ask::Held(1600), &SMALL).unwrap();
        for rate in ["per_second", "many_per_second"] {
            assert!(figure(&measured, rate) > 100.0, "{measured:?}");
        }
        let [page, list] = ["page_p50_us", "list_p50_us"].map(|name| figure(&measured, name));
        assert!(0.0 < page && page < list, "{measured:?}");
    });
}

#[test]
fn idle_sockets_are_opened_and_weighed() {
    with_server("", |target| {
        let measured = Workload::W4.on(target, Ask::Sockets(200), &SMALL).unwrap();
        let each = figure(&measured, "resident_bytes_each");
        // Servers of other tests share the program's pages with this one, so that it may seem to have less: only too much is seen here.
        assert!(each < 100_000.0, "{each} bytes");
    });
}

#[test]
fn a_key_at_a_time_is_searched_for() {
    with_server("", |target| {
        let keys = w7::standard_keys(target, 3).unwrap();
        assert!(keys > 3, "{keys} keys");
    });
}

/// A refusal is no answer: the turn ends, and says what came.
#[test]
fn a_refusal_ends_the_turn_with_its_words() {
    with_server("[limits]\njobs = 10\n", |target| {
        let refused = Workload::W2
            .on(target, Ask::Running(1000), &SMALL)
            .unwrap_err();
        let text = format!("{refused:#}");
        assert!(text.contains("too_many"), "{text}");
    });
}

#[test]
fn a_server_that_is_not_there_ends_the_turn() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = Workload::W1
        .on(&target(free, Dialect::Json), Ask::Depth(1), &SMALL)
        .unwrap_err();
    assert!(
        format!("{refused:#}").contains("connecting to"),
        "{refused:#}"
    );
}

/// Whatever a server does wrong ends the turn, in words that say what.
#[test]
fn what_a_server_does_wrong_is_told() {
    let kills = Ask::Kills {
        requests: 400,
        depth: 4,
        order: Order::Started,
    };
    let rows = [
        (Lie::Nothing, Ask::Depth(4), None),
        (Lie::Nothing, kills, None),
        (Lie::Refuses, Ask::Depth(4), Some("out_of_paper")),
        (Lie::Dies, Ask::Depth(4), Some("the server closed")),
        (Lie::FallsSilent, Ask::Depth(4), Some("no answer came")),
        (Lie::AnswersTwice, Ask::Depth(4), Some("or twice")),
        (Lie::AnswersTwice, kills, Some("number: 90000000")),
        (
            Lie::TellsNobody,
            kills,
            Some("of 300 kills 300 were answered, 0 noticed"),
        ),
        (Lie::TellsTwice, kills, Some("came twice")),
        (
            Lie::LetsRun,
            kills,
            Some("100 requests should run, and status counts 400"),
        ),
    ];
    for (lie, ask, words) in rows {
        let workload = if ask == kills {
            Workload::W3
        } else {
            Workload::W1
        };
        let told = with_liar(lie, |address| {
            workload.on(&target(address, Dialect::Json), ask, &SMALL)
        });
        let told = told.err().map(|error| format!("{error:#}"));
        let as_expected = match (&told, words) {
            (Some(told), Some(words)) => told.contains(words),
            (told, words) => told.is_some() == words.is_some(),
        };
        assert!(as_expected, "{lie:?} {ask}: {told:?}");
    }
}

#[test]
fn an_echo_is_counted_by_frames() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let echo = thread::spawn(move || {
        let sockets = (0..w1::SOCKETS).map(|_| listener.accept().unwrap().0);
        let echoes: Vec<_> = sockets
            .map(|socket| thread::spawn(move || echo(socket)))
            .collect();
        echoes.into_iter().for_each(|echo| echo.join().unwrap());
    });
    let measured = Workload::W1
        .on(&target(address, Dialect::Echo), Ask::Depth(8), &SMALL)
        .unwrap();
    assert!(figure(&measured, "per_second") > 100.0, "{measured:?}");
    echo.join().unwrap();
}

/// Sends back what comes, cut where it happens to be.
fn echo(mut socket: std::net::TcpStream) {
    let mut buffer = [0; 61];
    while let Ok(length @ 1..) = socket.read(&mut buffer) {
        if socket.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}

/// Whoever takes part is asked something, and ours everything.
#[test]
fn every_contender_takes_part_somewhere() {
    let all = Workload::value_variants();
    let asks = |workload: &Workload| workload.asks(&Scale::FULL);
    for contender in CONTENDERS {
        let takes_part = all.iter().any(|workload| {
            asks(workload)
                .into_iter()
                .any(|ask| workload.contenders(ask, &Scale::FULL).contains(&contender))
        });
        assert!(takes_part, "{}", contender.name);
    }
    for workload in all {
        for ask in asks(workload) {
            let takes_part = workload.contenders(ask, &Scale::FULL);
            assert!(
                takes_part.iter().any(|it| it.kind == Kind::Ours),
                "{workload} {ask}"
            );
        }
    }
}
