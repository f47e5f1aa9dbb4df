//! Runs the binary.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
};

/// Tests of one process run side by side.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The processes that have that variable in their environment.
pub(crate) fn processes_with(variable: &str) -> Vec<String> {
    let marker = format!("{variable}\0");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let marked = processes.filter(|process| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&marker)
    });
    marked
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Looks again and again until that is so, which takes a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "real processes take real time, and no runtime is there"
)]
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !so() {
        assert!(begun.elapsed().as_secs() < 20, "never: {what}");
        std::thread::yield_now();
    }
}

/// What a command came to.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longwire"));
    for name in ["SERVER", "LISTEN", "CONFIG", "DATA", "LOG"] {
        command.env_remove(format!("LONGWIRE_{name}"));
    }
    command.args(args).stdin(Stdio::null());
    command
}

pub(crate) fn longwire(args: &[&str]) -> Done {
    let output = command(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// What a command writes to its stdout, which need not be text.
pub(crate) fn writes(args: &[&str]) -> Vec<u8> {
    let output = command(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}");
    output.stdout
}

/// It exits with 0; what it prints.
pub(crate) fn prints(args: &[&str]) -> String {
    let done = longwire(args);
    assert_eq!(done.code, 0, "{args:?}: {}", done.stderr);
    done.stdout
}

/// It exits with that code, and says that.
pub(crate) fn fails(args: &[&str], code: i32, says: &str) {
    let done = longwire(args);
    assert_eq!(done.code, code, "{args:?}: {}", done.stderr);
    assert!(done.stderr.contains(says), "{args:?}: {}", done.stderr);
}

/// An empty folder.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It need not be there.
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// A command that runs, line by line: stdout and stderr together.
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn new(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (to, lines) = mpsc::channel();
        pass_on(child.stdout.take().unwrap(), to.clone());
        pass_on(child.stderr.take().unwrap(), to);
        Self { child, lines }
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> String {
        self.lines.recv().expect("a line before the end")
    }

    pub(crate) fn line_if_any(&mut self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// Reads on to a line with that in it.
    pub(crate) fn says(&mut self, what: &str) {
        let mut heard = Vec::new();
        while let Ok(line) = self.lines.recv() {
            if line.contains(what) {
                return;
            }
            heard.push(line);
        }
        panic!("never said {what:?}, but: {heard:#?}");
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn code(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pass_on(source: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let lines = BufReader::new(source).lines();
        lines
            .map_while(Result::ok)
            .try_for_each(|line| to.send(line))
    });
}

/// A server of the binary, on a port of its own.
pub(crate) struct Server {
    running: Running,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::serve(&["--listen", "127.0.0.1:0", "--ephemeral"])
    }

    pub(crate) fn with_config(text: &str) -> Self {
        Self::with_config_and_env(text, &[])
    }

    /// A server that has these variables in its environment.
    pub(crate) fn with_config_and_env(text: &str, env: &[(&str, &str)]) -> Self {
        // Tests run in processes of their own, too.
        let (process, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = scratch(&format!("with_config_{process}_{next}"));
        let file = dir.join("longwire.toml");
        std::fs::write(&file, text).unwrap();
        let server = Self::with_file_and_env(&file, env);
        std::fs::remove_dir_all(&dir).unwrap();
        server
    }

    pub(crate) fn with_file(file: &Path) -> Self {
        Self::with_file_and_env(file, &[])
    }

    fn with_file_and_env(file: &Path, env: &[(&str, &str)]) -> Self {
        let config = file.to_str().unwrap();
        Self::serve_with(
            &["--listen", "127.0.0.1:0", "--ephemeral", "--config", config],
            env,
        )
    }

    /// A server with the configuration of an example, in that folder.
    pub(crate) fn of_example(name: &str, dir: &Path) -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let config = examples.join(name).join("longwire.toml");
        let mut command = command(&["serve", "--listen", "127.0.0.1:0", "--ephemeral"]);
        command.arg("--config").arg(config).current_dir(dir);
        Self::started(command)
    }

    /// A server that whoever started it left a descriptor open to, number 9.
    pub(crate) fn with_config_and_a_descriptor(text: &str) -> Self {
        let file = scratch("with_a_descriptor").join("longwire.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec 9</dev/null; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_longwire"))
            .args(["serve", "--listen", "127.0.0.1:0", "--ephemeral"])
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null());
        Self::started(command)
    }

    fn serve(args: &[&str]) -> Self {
        Self::serve_with(args, &[])
    }

    fn serve_with(args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = command(&[&["serve"], args].concat());
        command.envs(env.iter().copied());
        Self::started(command)
    }

    fn started(command: Command) -> Self {
        let mut running = Running::new(command);
        let url = loop {
            let line = running.line();
            if let Some(url) = line.strip_prefix("Longwire listens on ") {
                break url.to_owned();
            }
        };
        Self { running, url }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        longwire(&[&["--server", &self.url], args].concat())
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        let args = [&["--server", &self.url], args].concat();
        Running::new(command(&args))
    }

    /// Reads on in its log to a line with that in it.
    pub(crate) fn says(&mut self, what: &str) {
        self.running.says(what);
    }

    /// Has it read its configuration again, and waits for what it says of that.
    pub(crate) fn reads_again(&mut self, says: &str) {
        self.running.signal("HUP");
        self.running.says(says);
    }

    /// Asks it to stop; what it said since it listens.
    pub(crate) fn said(self) -> String {
        self.running.signal("TERM");
        let lines = std::iter::from_fn(|| self.running.lines.recv().ok());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Asks it to stop; its exit code.
    pub(crate) fn stop(&mut self) -> i32 {
        self.running.signal("TERM");
        self.running.child.wait().unwrap().code().unwrap()
    }

    /// Ends it without a word.
    pub(crate) fn crash(&mut self) {
        self.running.child.kill().unwrap();
        self.running.child.wait().unwrap();
    }

    /// Ends it without a word, and starts another at the same address.
    pub(crate) fn crash_and_restart(&mut self) {
        self.crash();
        let address = self.url.trim_start_matches("http://").to_owned();
        *self = Self::serve(&["--listen", &address, "--ephemeral"]);
    }
}
