//! `longwire conformance`

use longwire_conformance::{
    ClientKit, Failure as Otherwise, Place, Played, ServerKit, Title, Verdict,
};
use serde_json::json;

use crate::{
    Global,
    args::{ClientKitArgs, ConformanceAction, ConformanceArgs, ServerKitArgs, WhichArgs},
    exit::Exit,
    failure::Failure,
    paint::Paint,
    print::{self, plain},
    signals::Stops,
};

pub(crate) async fn run(global: &Global, args: ConformanceArgs) -> Result<Exit, Failure> {
    let mut stops = Stops::new()?;
    let playing = async {
        match args.action {
            ConformanceAction::Client(args) => client(global, &args).await,
            ConformanceAction::Server(args) => server(global, &args).await,
        }
    };
    // What was started goes with what waits for it.
    tokio::select! {
        played = playing => played,
        _ = stops.next() => Ok(Exit::Left),
    }
}

async fn client(global: &Global, args: &ClientKitArgs) -> Result<Exit, Failure> {
    let kit = match &args.which.dialogues {
        Some(dir) => ClientKit::of_folder(dir),
        None => ClientKit::ours(std::env::current_exe()?),
    };
    let kit = kit.map_err(Failure::Failed)?;
    let titles = chosen(kit.titles(), &args.which)?;
    if args.which.list {
        return list(global, &titles);
    }
    let mut report = Report::new(global, args.whole);
    for title in titles {
        report.add(kit.play(&title, &args.driver).await)?;
    }
    report.end()
}

async fn server(global: &Global, args: &ServerKitArgs) -> Result<Exit, Failure> {
    let kit = ServerKit::load(args.which.dialogues.as_deref()).map_err(Failure::Failed)?;
    let titles = chosen(kit.titles(), &args.which)?;
    if args.which.list {
        return list(global, &titles);
    }
    let url = args.url.as_ref().unwrap_or(&global.server);
    let place = Place::parse(url).map_err(Failure::Usage)?;
    kit.reach(&place).await.map_err(Failure::Failed)?;
    let mut report = Report::new(global, true);
    for title in titles {
        let failed = report.failed.len();
        report.add(kit.play(&title, &place).await)?;
        // Where it is gone the rest would all say so.
        if report.failed.len() > failed {
            kit.reach(&place).await.map_err(Failure::Failed)?;
        }
    }
    report.end()
}

fn chosen<'a>(titles: Vec<Title<'a>>, which: &WhichArgs) -> Result<Vec<Title<'a>>, Failure> {
    let Some(word) = &which.only else {
        return Ok(titles);
    };
    let has_it = |title: &Title<'_>| title.name.contains(word) || title.place.contains(word);
    let chosen: Vec<Title<'_>> = titles.into_iter().filter(has_it).collect();
    if chosen.is_empty() {
        let why = format!("no dialogue has {word:?} in its name; --list says which there are");
        return Err(Failure::Usage(why));
    }
    Ok(chosen)
}

fn list(global: &Global, titles: &[Title<'_>]) -> Result<Exit, Failure> {
    for title in titles {
        if global.json {
            print::json(&json!({"dialogue": title.name, "place": title.place}))?;
        } else {
            print::line(&format!("{:<24} {}", title.place, title.name))?;
        }
    }
    Ok(Exit::Ok)
}

/// Tells of each dialogue as it was played, and of all at the end.
struct Report {
    json: bool,
    /// Whether what is left out is as bad as what fails.
    whole: bool,
    paint: Paint,
    passed: usize,
    failed: Vec<String>,
    left_out: Vec<String>,
}

impl Report {
    fn new(global: &Global, whole: bool) -> Self {
        Self {
            json: global.json,
            whole,
            paint: Paint::stdout(global.color),
            passed: 0,
            failed: Vec::new(),
            left_out: Vec::new(),
        }
    }

    fn add(&mut self, played: Option<Played>) -> Result<(), Failure> {
        let Some(played) = played else { return Ok(()) };
        if self.json {
            print::json(&frame(&played))?;
        } else {
            self.tell(&played)?;
        }
        match played.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::LeftOut(_) => self.left_out.push(played.name),
            Verdict::Failed(_) => self.failed.push(played.name),
        }
        Ok(())
    }

    fn tell(&self, played: &Played) -> Result<(), Failure> {
        let (seconds, name) = (played.took.as_secs_f64(), &played.name);
        let line = |verdict: &str| format!("{verdict} {seconds:6.2} s  {name}");
        match &played.verdict {
            Verdict::Passed => print::line(&line("pass"))?,
            Verdict::LeftOut(what) => {
                let what = plain(what);
                print::line(&self.paint.dim(&format!(
                    "{} (left out by the driver: {what})",
                    line("left")
                )))?;
            }
            Verdict::Failed(failure) => {
                print::line(&self.paint.red(&line("FAIL")))?;
                print::line(&words(failure))?;
            }
        }
        if let Some(note) = &played.note {
            print::line(&format!("{:15}{note}", ""))?;
        }
        Ok(())
    }

    fn end(self) -> Result<Exit, Failure> {
        let is_whole = self.left_out.is_empty() || !self.whole;
        // Where nothing passed nothing was shown.
        let exit = if self.passed > 0 && self.failed.is_empty() && is_whole {
            Exit::Ok
        } else {
            Exit::Failed
        };
        let (passed, failed, left_out) = (self.passed, self.failed.len(), self.left_out.len());
        if self.json {
            let all = json!({"passed": passed, "failed": self.failed, "left_out": self.left_out});
            print::json(&all)?;
            return Ok(exit);
        }
        print::line(&format!(
            "\n{passed} passed, {failed} failed, {left_out} left out"
        ))?;
        for (what, names) in [("failed", &self.failed), ("left out", &self.left_out)] {
            for name in names {
                print::line(&format!("  {what}: {name}"))?;
            }
        }
        Ok(exit)
    }
}

fn frame(played: &Played) -> serde_json::Value {
    let mut frame = json!({
        "dialogue": played.name, "place": played.place, "seconds": played.took.as_secs_f64(),
    });
    let (verdict, why) = match &played.verdict {
        Verdict::Passed => ("passed", json!(null)),
        Verdict::LeftOut(what) => ("left_out", json!(what)),
        Verdict::Failed(failure) => ("failed", json!(failure)),
    };
    frame["verdict"] = json!(verdict);
    frame["why"] = why;
    frame["note"] = json!(played.note);
    frame
}

fn words(failure: &Otherwise) -> String {
    let mut text = format!("  {}: {}", failure.place, shown(&failure.why));
    if !failure.record.is_empty() {
        text.push_str(
            "\n  what was said last (> by the client, < to it, ! to the driver, = by it):",
        );
        for line in &failure.record {
            text.push_str(&format!("\n    {}", plain(line)));
        }
    }
    if !failure.stderr.is_empty() {
        text.push_str("\n  the driver's stderr:\n    ");
        text.push_str(&shown(failure.stderr.trim_end()).replace('\n', "\n    "));
    }
    text
}

/// Several lines, without what a terminal would obey.
fn shown(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n")
}
