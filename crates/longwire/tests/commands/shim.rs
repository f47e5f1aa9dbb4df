//! A shim by itself, told what to do as a server tells it.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use longwire_shim::{
    Limits,
    wire::{HEAD_BYTES, Order, Report, Start, head},
};

use crate::run::{processes_with, until};

struct Shim(Child);

impl Shim {
    /// A shim with so many KiB of memory at most, and without an environment, as a server starts it: with `RUST_BACKTRACE` it would want more
    /// memory to say that there is none, and wait for its own lock.
    fn within(kib: &str) -> Self {
        let mut command = Command::new("/bin/sh");
        command
            .env_clear()
            // Whoever has not become the command yet holds the ninth: where all was read, nobody is on the way.
            .args(["-c", "exec 9>&1; ulimit -v $0; exec \"$@\"", kib])
            .args([env!("CARGO_BIN_EXE_longwire"), "shim"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn order(&mut self, order: &Order) {
        let bytes = order.encode().unwrap();
        // It may be gone already.
        let _ = self.0.stdin.as_mut().unwrap().write_all(&bytes);
    }

    fn start(&mut self, script: &str, mark: &str, more_stdin: bool) {
        let env = [("PATH", "/usr/bin:/bin"), ("MARK", mark)];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.order(&Order::Start(Box::new(Start {
            argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
            dir: "/".into(),
            env: BTreeMap::from(env),
            stdin: String::new(),
            more_stdin,
            limits: Limits::default(),
            cgroup: None,
            grace_ms: 100,
        })));
    }

    fn report(&mut self) -> Option<Report> {
        let stdout = self.0.stdout.as_mut().unwrap();
        let mut start = [0; HEAD_BYTES];
        stdout.read_exact(&mut start).ok()?;
        let (kind, length) = head(start).unwrap();
        let mut bytes = vec![0; length];
        stdout.read_exact(&mut bytes).ok()?;
        Some(Report::decode(kind, bytes).unwrap())
    }

    /// Reads on to that.
    fn says(&mut self, what: &Report) {
        let mut heard = Vec::new();
        while let Some(report) = self.report() {
            if report == *what {
                return;
            }
            heard.push(report);
        }
        panic!("never said {what:?}, but: {heard:#?}");
    }

    fn rest(mut self) -> Vec<Report> {
        let rest = std::iter::from_fn(|| self.report()).collect();
        self.0.wait().unwrap();
        rest
    }
}

/// The least memory, in KiB, in which the program itself can begin.
fn least_memory() -> u32 {
    let begins = |kib: &u32| {
        let mut shim = Shim::within(&kib.to_string());
        drop(shim.0.stdin.take());
        shim.0.wait().unwrap().code() == Some(2)
    };
    (10..1000).map(|mib| mib * 1024).find(begins).unwrap()
}

#[test]
fn a_shim_without_the_means_for_a_command_leaves_none() {
    let (mut ran, mut refused) = (0, 0);
    let least = least_memory();
    // From what is too little for the shim itself to what is enough for all of its threads.
    let marked = |mark: &str| processes_with(&format!("MARK={mark}"));
    for kib in (0..40).map(|step| least + step * 512) {
        let mark = format!("mark-{}-{kib}", std::process::id());
        let mut shim = Shim::within(&kib.to_string());
        shim.start("exec sleep 1000", &mark, false);
        match shim.report() {
            Some(Report::Started(_)) => {
                ran += 1;
                shim.order(&Order::Force);
                let last = shim.rest().pop();
                assert!(matches!(last, Some(Report::Gone(_))), "{kib}: {last:?}");
            }
            Some(Report::NotStarted(not)) => {
                refused += 1;
                assert!(!not.why.is_empty());
                assert_eq!(shim.rest(), []);
            }
            Some(other) => panic!("{kib}: {other:?}"),
            // It died on the way, of what it could not have. What it had started is killed with it, which takes a moment.
            None => {
                drop(shim.rest());
                until("nothing is left of it", || marked(&mark).is_empty());
            }
        }
        let left = marked(&mark);
        assert_eq!(left, Vec::<String>::new(), "{kib} KiB");
    }
    assert!(ran > 0 && refused > 0, "{ran} ran, {refused} were refused");
}

#[test]
fn a_wish_before_the_command_has_begun_reaches_it() {
    for _ in 0..50 {
        let mut shim = Shim::within("unlimited");
        shim.start("sleep 1000 & wait", "asked", false);
        shim.order(&Order::Ask);
        let Some(Report::Gone(gone)) = shim.rest().pop() else {
            panic!("it never said what is left");
        };
        assert!(gone.signals.starts_with(&["TERM".to_owned()]), "{gone:?}");
    }
}

#[test]
fn a_server_that_leaves_before_the_command_has_begun_has_it_asked_all_the_same() {
    let mut shim = Shim::within("unlimited");
    shim.start("sleep 1000 & wait", "left", false);
    drop(shim.0.stdin.take());
    let Some(Report::Gone(gone)) = shim.rest().pop() else {
        panic!("it never said what is left");
    };
    assert!(gone.signals.starts_with(&["TERM".to_owned()]), "{gone:?}");
}

/// Whoever orders need not read: the two would wait for one another.
#[test]
fn orders_are_taken_though_nobody_reads_what_is_reported() {
    let mut shim = Shim::within("unlimited");
    shim.start("trap '' TERM; exec yes", "unheard", true);
    while !matches!(shim.report(), Some(Report::Stdout(_))) {}
    shim.order(&Order::Ask);
    let mut orders = shim.0.stdin.take().unwrap();
    let (all, taken) = mpsc::channel();
    let writer = thread::spawn(move || {
        let input = Order::Input(vec![b'x'; 1_000]).encode().unwrap();
        let written = (0..20_000).all(|_| orders.write_all(&input).is_ok());
        all.send(written).unwrap();
        orders
    });
    let taken = taken.recv_timeout(Duration::from_secs(10));
    // Without its command it reports to its end, and nobody waits for anybody.
    let rest = (taken != Ok(true)).then(|| shim.0.kill().unwrap());
    shim.0.stdin = Some(writer.join().unwrap());
    shim.order(&Order::Force);
    assert!(matches!(shim.rest().pop(), Some(Report::Gone(_))) || rest.is_some());
    assert_eq!(taken, Ok(true));
}

/// What is much is passed on in another way than its beginning is.
#[test]
fn much_output_arrives_as_it_was_printed_from_both_streams() {
    let mut shim = Shim::within("unlimited");
    let script = "{ seq 400000; printf end; } & seq -s, 400000 >&2; wait";
    shim.start(script, "much", false);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    for report in shim.rest() {
        match report {
            Report::Stdout(bytes) => stdout.extend_from_slice(&bytes),
            Report::Stderr(bytes) => stderr.extend_from_slice(&bytes),
            Report::Gone(gone) => assert_eq!(gone.survivors, 0),
            Report::Started(_) | Report::Exited(_) => {}
            Report::Fed(_) | Report::NotStarted(_) => panic!("{report:?}"),
        }
    }
    let numbers: Vec<String> = (1..=400_000).map(|number| number.to_string()).collect();
    assert!(stdout == format!("{}\nend", numbers.join("\n")).into_bytes());
    assert!(stderr == format!("{}\n", numbers.join(",")).into_bytes());
}

#[test]
fn an_ask_closes_stdin_though_not_all_of_it_is_read() {
    let mut shim = Shim::within("unlimited");
    let script = "trap 'asked=1' TERM; echo ready; until [ $asked ]; do sleep 0.01; done; wc -c";
    shim.start(script, "fed", true);
    shim.says(&Report::Stdout(b"ready\n".to_vec().into()));
    shim.order(&Order::Input(vec![b'x'; 1_000_000]));
    shim.order(&Order::Ask);
    let rest = shim.rest();
    let read = rest.iter().find_map(|report| {
        let Report::Stdout(bytes) = report else {
            return None;
        };
        Some(String::from_utf8_lossy(bytes).trim().to_owned())
    });
    let read: usize = read.unwrap().parse().unwrap();
    assert!(read < 1_000_000, "nothing was left out: {read}");
    assert!(rest.contains(&Report::Fed(1_000_000)), "{rest:?}");
}
