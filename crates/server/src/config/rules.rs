//! What must be true between values, or of the words in them, and so is in no schema.

use std::time::Duration;

use super::{
    Config, Limits, RouteConfig,
    mistake::Mistake,
    route::wrong_with_name,
    source::{Source, dotted},
};

pub(super) fn mistakes(config: &Config, source: &Source<'_>) -> Vec<Mistake> {
    let routes = config.routes.iter();
    let of_routes = routes.flat_map(|(name, route)| route_complaints(name, route, &config.limits));
    let all = origins(config).chain(pings(config)).chain(of_routes);
    all.map(|it| source.mistake(&it.path, it.text)).collect()
}

struct Complaint<'a> {
    path: Vec<&'a str>,
    text: String,
}

fn complaint<'a>(path: &[&'a str], what: &str) -> Complaint<'a> {
    Complaint {
        path: path.to_vec(),
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
