//! What a configuration relies on and is not there now. It may come later, so it keeps no server from starting.

use std::{collections::BTreeMap, env, fmt, path::Path};

use crate::{
    config::{Config, ConsumerConfig, RouteConfig, ServedBy},
    consumers::template::Template,
    keeper,
};

/// Something that a route needs and that is not there now. It displays as a sentence that begins with the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A folder, or a program: jobs of the route fail until it is there.
    Missing(String),
    /// A variable of the environment: commands are started without it.
    Unset(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing(text) | Self::Unset(text)) = self;
        f.write_str(text)
    }
}

/// Of every route.
pub(crate) fn of(config: &Config) -> Vec<Doubt> {
    let started = config.routes.iter().filter_map(started);
    started.flat_map(|it| it.doubts()).collect()
}

pub(crate) fn log(doubts: &[Doubt]) {
    for doubt in doubts {
        tracing::warn!("{doubt}");
    }
}

/// What a route starts as a process, and with what.
struct Started<'a> {
    route: &'a str,
    /// The key whose first word is its program, and that.
    key: &'static str,
    program: Option<String>,
    dir: Option<&'a Path>,
    env: &'a BTreeMap<String, String>,
    pass_env: &'a [String],
}

fn started<'a>((route, config): (&'a String, &'a RouteConfig)) -> Option<Started<'a>> {
    match &config.served_by {
        ServedBy::Consumer(ConsumerConfig::Exec(exec)) => Some(Started {
            route,
            key: "argv",
            program: exec.argv.first().and_then(|it| plain(it)),
            dir: exec.dir.as_deref(),
            env: &exec.env,
            pass_env: &exec.pass_env,
        }),
        ServedBy::Workers(workers) => Some(Started {
            route,
            key: "command",
            program: workers.command.first().cloned(),
            dir: workers.dir.as_deref(),
            env: &workers.env,
            pass_env: &workers.pass_env,
        }),
        ServedBy::Consumer(ConsumerConfig::Timer | ConsumerConfig::Http(_)) => None,
    }
}

/// A text in which there is nothing to fill.
fn plain(text: &str) -> Option<String> {
    let template = Template::parse(text).ok()?;
    Some(template.texts().collect())
}

impl Started<'_> {
    fn doubts(&self) -> impl Iterator<Item = Doubt> + use<> {
        // Where there is no folder, nobody knows what is in it.
        let missing = self.no_folder().or_else(|| self.no_program());
        let unset: Vec<_> = self.unset().collect();
        missing.into_iter().map(Doubt::Missing).chain(unset)
    }

    fn no_folder(&self) -> Option<String> {
        let (route, dir) = (self.route, self.dir?);
        let is_there = keeper::dir(Some(dir)).is_ok_and(|dir| dir.is_dir());
        (!is_there).then(|| {
            format!("`routes.{route}.dir` is {dir:?}, which is no folder now; nothing can be started there")
        })
    }

    fn no_program(&self) -> Option<String> {
        let (route, key, program) = (self.route, self.key, self.program.as_ref()?);
        let environment = keeper::environment(self.env, self.pass_env);
        let path = environment.get("PATH").map_or("", String::as_str);
        let dir = keeper::dir(self.dir).ok()?;
        let error = longwire_shim::find(program, path, &dir).err()?;
        Some(format!(
            "`routes.{route}.{key}` begins with {program:?}, which cannot be started now: {error} ({path})"
        ))
    }

    fn unset(&self) -> impl Iterator<Item = Doubt> {
        let is_unset = |name: &&String| env::var(name.as_str()).is_err();
        let unset = self.pass_env.iter().filter(is_unset);
        unset.map(|name| {
            let route = self.route;
            Doubt::Unset(format!(
                "`routes.{route}.pass_env` has {name:?} in it, which the server's environment has not, or not as UTF-8; nothing is passed on"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubts(lines: &str) -> Vec<String> {
        let text = format!("[routes.x]\n{lines}");
        let config = Config::from_toml(&text, "the test").unwrap();
        of(&config).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_not_there_now_is_doubted() {
        for (lines, said) in [
            ("consumer = \"timer\"", &[][..]),
            (
                "consumer = \"exec\"\nargv = [\"sh\"]\ndir = \"/\"\npass_env = [\"PATH\"]",
                &[],
            ),
            (
                "consumer = \"exec\"\nargv = [\"no-such-program\"]\nenv = { PATH = \"/nowhere\" }",
                &[
                    "`routes.x.argv` begins with \"no-such-program\", which cannot be started now: it is not in its PATH (/nowhere)",
                ],
            ),
            (
                "consumer = \"exec\"\nargv = [\"sh\"]\nenv = { PATH = \"/nowhere\" }",
                &[
                    "`routes.x.argv` begins with \"sh\", which cannot be started now: it is not in its PATH (/nowhere)",
                ],
            ),
            (
                "consumer = \"exec\"\nargv = [\"./a\"]\ndir = \"/no/such/folder\"",
                &[
                    "`routes.x.dir` is \"/no/such/folder\", which is no folder now; nothing can be started there",
                ],
            ),
            (
                "served_by = \"workers\"\ncommand = [\"no-such-program\"]\nenv = { PATH = \"\" }\npass_env = [\"LONGWIRE_NO_SUCH\"]",
                &[
                    "`routes.x.command` begins with \"no-such-program\", which cannot be started now: it is not in its PATH ()",
                    "`routes.x.pass_env` has \"LONGWIRE_NO_SUCH\" in it, which the server's environment has not, or not as UTF-8; nothing is passed on",
                ],
            ),
            ("served_by = \"workers\"", &[]),
        ] {
            assert_eq!(doubts(lines), said, "{lines}");
        }
    }
}
