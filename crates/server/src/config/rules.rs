//! What must be true between values, or of the words in them, and so is in no schema.

mod http;
mod places;

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use super::{
    Config, ConsumerConfig, ExecConfig, Limits, MOST_MODULES, ModuleConfig, RouteConfig, ServedBy,
    StdinConfig, WorkersConfig,
    mistake::Mistake,
    modules,
    route::wrong_with_name,
    source::{Source, dotted},
};
use crate::consumers::{output::progress::Rule, schema::Schema, template::Template};

pub(super) fn mistakes(config: &Config, source: &Source<'_>) -> Vec<Mistake> {
    let routes = config.routes.iter();
    let of_routes = routes.flat_map(|(name, route)| route_complaints(name, route, &config.limits));
    let all = origins(config)
        .chain(pings(config))
        .chain(sockets(config))
        .chain(of_routes)
        .chain(of_modules(config));
    let mistake = |it: Complaint<'_>| {
        let path: Vec<&str> = it.path.iter().map(|key| &**key).collect();
        source.mistake(&path, it.text)
    };
    all.map(mistake).collect()
}

fn of_modules(config: &Config) -> impl Iterator<Item = Complaint<'_>> {
    let count = config.modules.len();
    let what = format!("has {count} catalogues; at most {MOST_MODULES} are allowed");
    let too_many = (count > MOST_MODULES).then(|| complaint(&["modules"], &what));
    let of_each = config.modules.iter().flat_map(|(name, module)| {
        let named = modules::wrong_with_name(name).map(|what| complaint(&["modules", name], &what));
        let base = module.base_url.as_deref();
        let base = base.and_then(ModuleConfig::wrong_with_base_url);
        let base = base.map(|what| complaint(&["modules", name, "base_url"], &what));
        named.into_iter().chain(base)
    });
    too_many.into_iter().chain(of_each)
}

struct Complaint<'a> {
    path: Vec<Cow<'a, str>>,
    text: String,
}

fn complaint<'a>(path: &[&'a str], what: &str) -> Complaint<'a> {
    Complaint {
        path: path.iter().copied().map(Cow::Borrowed).collect(),
        text: format!("`{}` {what}", dotted(path)),
    }
}

fn origins(config: &Config) -> impl Iterator<Item = Complaint<'_>> {
    let wrong = config
        .allowed_origins
        .iter()
        .filter(|origin| !is_origin(origin));
    wrong.map(|origin| {
        let wanted = "each must be as browsers send it, \
            as in \"https://app.example.com\" or \"http://localhost:5173\"";
        complaint(
            &["allowed_origins"],
            &format!("has {origin:?} in it; {wanted}"),
        )
    })
}

/// Browsers send a scheme and a host in lower case and a port that is not the scheme's own;
/// compared letter by letter, anything else would never match.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else {
        return false;
    };
    let is_own_port =
        scheme == "http" && host.ends_with(":80") || scheme == "https" && host.ends_with(":443");
    let is_scheme_letter =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let is_host_letter =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._[]:".contains(c);
    !scheme.is_empty()
        && !host.is_empty()
        && scheme.chars().all(is_scheme_letter)
        && host.chars().all(is_host_letter)
        && !is_own_port
}

fn pings(config: &Config) -> Option<Complaint<'_>> {
    let (ping, dead) = (
        secs(config.socket.ping_seconds),
        secs(config.socket.dead_after_seconds),
    );
    let what = format!("is {dead}; it must be more than `socket.ping_seconds`, {ping}");
    (dead <= ping).then(|| complaint(&["socket", "dead_after_seconds"], &what))
}

/// Every socket is a connection.
fn sockets(config: &Config) -> Option<Complaint<'_>> {
    let (sockets, connections) = (config.limits.sockets, config.limits.http_connections);
    let what = format!("is {sockets}; it must be at most `limits.http_connections`, {connections}");
    (sockets > connections).then(|| complaint(&["limits", "sockets"], &what))
}

fn route_complaints<'a>(
    name: &'a str,
    route: &RouteConfig,
    limits: &Limits,
) -> impl Iterator<Item = Complaint<'a>> {
    let bad_name = wrong_with_name(name).map(|what| complaint(&["routes", name], &what));
    bad_name
        .into_iter()
        .chain(longest_time(name, route, limits))
        .chain(default_time(name, route, limits))
        .chain(schema(name, route))
        .chain(places::never_filled(name, route))
        .chain(of_server(name, &route.served_by))
}

fn schema<'a>(name: &'a str, route: &RouteConfig) -> Option<Complaint<'a>> {
    let wrong = Schema::new(route.schema.as_ref()?).err()?;
    let within = wrong.path.iter().map(String::as_str);
    let path: Vec<&str> = ["routes", name, "schema"]
        .into_iter()
        .chain(within)
        .collect();
    Some(Complaint {
        text: format!("`{}` {}", dotted(&path), wrong.what),
        path: path
            .into_iter()
            .map(|key| Cow::Owned(key.to_owned()))
            .collect(),
    })
}

fn of_server<'a>(name: &'a str, served_by: &ServedBy) -> Vec<Complaint<'a>> {
    match served_by {
        ServedBy::Consumer(ConsumerConfig::Timer) => Vec::new(),
        ServedBy::Consumer(ConsumerConfig::Exec(exec)) => command(name, exec),
        ServedBy::Consumer(ConsumerConfig::Http(http)) => http::complaints(name, http),
        ServedBy::Workers(workers) => worker_command(name, workers),
    }
}

fn command<'a>(name: &'a str, exec: &ExecConfig) -> Vec<Complaint<'a>> {
    let of_stdin = stdin_field(name, exec);
    argv(name, exec)
        .chain(env(name, &exec.env, &exec.pass_env))
        .chain(of_stdin)
        .chain(progress(name, exec))
        .collect()
}

fn argv<'a>(name: &'a str, exec: &ExecConfig) -> impl Iterator<Item = Complaint<'a>> {
    let program = exec.argv.first().filter(|program| !program.is_empty());
    let what = match program.map(|program| Template::parse(program)) {
        None => Some("is empty; it must begin with a program, as in [\"ls\", \"-l\"]".to_owned()),
        Some(Ok(program)) if !program.is_plain() => Some(
            "has a placeholder for its program; which program runs is not for an input to say"
                .to_owned(),
        ),
        Some(_) => None,
    };
    let texts = exec.argv.iter().filter_map(|text| {
        if text.contains('\0') {
            return Some("has a NUL in it, which no argument can have".to_owned());
        }
        let wrong = Template::parse(text).err()?;
        Some(format!("has {text:?} in it, which {wrong}"))
    });
    let all: Vec<String> = what.into_iter().chain(texts).collect();
    all.into_iter()
        .map(move |what| complaint(&["routes", name, "argv"], &what))
}

/// The program that a worker of the server's own is.
fn worker_command<'a>(name: &'a str, workers: &WorkersConfig) -> Vec<Complaint<'a>> {
    let mut all: Vec<_> = env(name, &workers.env, &workers.pass_env).collect();
    if workers.command.is_empty() {
        let with_command = [
            ("workers", workers.workers != 1),
            ("dir", workers.dir.is_some()),
            ("env", !workers.env.is_empty()),
            ("pass_env", !workers.pass_env.is_empty()),
        ];
        let without = with_command.iter().filter(|(_, written)| *written);
        let what = "goes with `command`, which is not there";
        all.extend(without.map(|(key, _)| complaint(&["routes", name, key], what)));
    }
    if workers.command.first().is_some_and(String::is_empty) {
        let what =
            "begins with nothing; it must begin with a program, as in [\"python3\", \"worker.py\"]";
        all.push(complaint(&["routes", name, "command"], what));
    }
    if workers.command.iter().any(|text| text.contains('\0')) {
        let what = "has a NUL in it, which no argument can have";
        all.push(complaint(&["routes", name, "command"], what));
    }
    all
}

fn env<'a>(
    name: &'a str,
    env: &BTreeMap<String, String>,
    pass_env: &[String],
) -> impl Iterator<Item = Complaint<'a>> + use<'a> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
    let set = env.iter().filter_map(move |(variable, value)| {
        let right = is_name(variable) && !value.contains('\0');
        (!right).then(|| ("env", variable.clone()))
    });
    let passed = pass_env.iter().filter(move |variable| !is_name(variable));
    let all: Vec<_> = set
        .chain(passed.map(|variable| ("pass_env", variable.clone())))
        .collect();
    all.into_iter().map(move |(key, variable)| {
        let what = format!("has {variable:?} in it; a variable has a name without `=`, and no NUL");
        complaint(&["routes", name, key], &what)
    })
}

fn stdin_field<'a>(name: &'a str, exec: &ExecConfig) -> Option<Complaint<'a>> {
    let what = match (exec.stdin, &exec.stdin_field) {
        (StdinConfig::Field, None) => "is missing; it must name the field that the command reads",
        (StdinConfig::None | StdinConfig::Json, Some(_)) => "goes with `stdin = \"field\"`",
        _ => return None,
    };
    Some(complaint(&["routes", name, "stdin_field"], what))
}

fn progress<'a>(name: &'a str, exec: &ExecConfig) -> impl Iterator<Item = Complaint<'a>> {
    let all: Vec<String> = wrong_rules(&exec.progress).collect();
    all.into_iter()
        .map(move |what| complaint(&["routes", name, "progress"], &what))
}

/// The rules for progress that are none.
fn wrong_rules(rules: &[String]) -> impl Iterator<Item = String> {
    rules.iter().filter_map(|text| {
        let wrong = Rule::parse(text).err()?;
        Some(format!("has {text:?} in it, which {wrong}"))
    })
}

fn longest_time<'a>(name: &'a str, route: &RouteConfig, limits: &Limits) -> Option<Complaint<'a>> {
    let allowed = limits.max_time_seconds;
    let asked = route.max_time_seconds.filter(|asked| *asked > allowed)?;
    let (asked, allowed) = (secs(asked), secs(allowed));
    let what = format!("is {asked}; it must be at most `limits.max_time_seconds`, {allowed}");
    Some(complaint(&["routes", name, "max_time_seconds"], &what))
}

fn default_time<'a>(name: &'a str, route: &RouteConfig, limits: &Limits) -> Option<Complaint<'a>> {
    let (time, longest) = (secs(route.time_seconds), secs(route.longest_time(limits)));
    let what =
        format!("is {time}; it must be at most the longest time the route allows, {longest}");
    (time > longest).then(|| complaint(&["routes", name, "time_seconds"], &what))
}

fn secs(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
