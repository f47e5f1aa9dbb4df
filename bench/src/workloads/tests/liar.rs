//! A server that speaks the dialect `json`, and does one thing wrong.

use std::collections::HashMap;
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope};

use anyhow::Result;
use serde_json::{Value, json};

use crate::printing::{question, send, upgrade};

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    Nothing,
    /// Answers with an error.
    Refuses,
    /// Closes a connection instead of an answer.
    Dies,
    /// Says nothing more.
    FallsSilent,
    AnswersTwice,
    /// Says that it has killed, and tells nobody.
    TellsNobody,
    TellsTwice,
    /// Says that it has killed, tells who started it, and lets it run.
    LetsRun,
}

struct Liar {
    lie: Lie,
    running: Mutex<HashMap<String, TcpStream>>,
    over: AtomicBool,
}

/// Runs it for as long as something takes, and gives what came of that.
pub(super) fn with_liar<T>(lie: Lie, ask: impl FnOnce(SocketAddr) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let liar = Liar {
        lie,
        running: Mutex::new(HashMap::new()),
        over: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        scope.spawn(|| liar.accept(&listener, scope));
        let told = ask(address);
        liar.over.store(true, Ordering::Release);
        drop(TcpStream::connect(address));
        told
    })
}

impl Liar {
    fn accept<'a>(&'a self, listener: &TcpListener, scope: &'a Scope<'a, '_>) {
        while let Ok((stream, _)) = listener.accept() {
            if self.over.load(Ordering::Acquire) {
                return;
            }
            // That whoever asks goes away is the end of it.
            scope.spawn(move || self.serve(&stream).err());
        }
    }

    fn serve(&self, stream: &TcpStream) -> Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        upgrade(&mut reader, stream)?;
        loop {
            let asked: Value = serde_json::from_str(&question(&mut reader)?)?;
            let connid = asked["connid"].as_str().unwrap_or_default();
            match asked["route"].as_str() {
                Some("request") if asked["time"] == 0 => self.answer(stream, connid)?,
                Some("request") => {
                    self.running()
                        .insert(connid.to_owned(), stream.try_clone()?);
                }
                Some("kill") => self.kill(stream, connid)?,
                _ => say(
                    stream,
                    &json!({"route": "status", "total": self.running().len()}),
                )?,
            }
        }
    }

    fn answer(&self, stream: &TcpStream, connid: &str) -> Result<()> {
        let ok = json!({"connid": connid, "status": "ok"});
        match self.lie {
            Lie::Refuses => say(stream, &json!({"status": "error", "code": "out_of_paper"})),
            Lie::Dies => Ok(stream.shutdown(std::net::Shutdown::Both)?),
            Lie::FallsSilent => Ok(()),
            Lie::AnswersTwice => {
                say(stream, &ok)?;
                say(stream, &ok)
            }
            Lie::Nothing | Lie::TellsNobody | Lie::TellsTwice | Lie::LetsRun => say(stream, &ok),
        }
    }

    fn kill(&self, stream: &TcpStream, connid: &str) -> Result<()> {
        let times = match self.lie {
            Lie::TellsNobody => 0,
            Lie::TellsTwice => 2,
            Lie::Nothing
            | Lie::Refuses
            | Lie::Dies
            | Lie::FallsSilent
            | Lie::AnswersTwice
            | Lie::LetsRun => 1,
        };
        let mut running = self.running();
        if let Some(starter) = running.get(connid) {
            for _ in 0..times {
                say(starter, &json!({"connid": connid, "status": "killed"}))?;
            }
        }
        if self.lie != Lie::LetsRun {
            running.remove(connid);
        }
        drop(running);
        say(
            stream,
            &json!({"connid": connid, "status": "ok", "route": "kill"}),
        )
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, TcpStream>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(stream: &TcpStream, answer: &Value) -> Result<()> {
    send(stream, answer.to_string().as_bytes())
}
