//! `longwire routes`

use longwire_client::{Payload, RouteView, RoutesPage};
use serde_json::Value;

use crate::{
    Global,
    args::RoutesArgs,
    bar::span,
    connect,
    exit::Exit,
    failure::Failure,
    paint::Paint,
    print::{self, plain},
    table,
};

const HEADS: [&str; 6] = ["ROUTE", "TIME", "RUNNING", "QUEUED", "INPUT", "DESCRIPTION"];

pub(crate) async fn run(global: &Global, args: RoutesArgs) -> Result<Exit, Failure> {
    let client = connect::briefly(global).await?;
    let page = client.routes().await;
    client.close().await;
    let mut page = page?;
    if let Some(name) = &args.name {
        page.routes.retain(|route| *route.route == **name);
        if page.routes.is_empty() {
            let why = format!("the server has no route {name:?}; `longwire routes` lists them");
            return Err(Failure::Failed(why));
        }
    }
    show(global, &page, args.name.is_some())?;
    Ok(Exit::Ok)
}

fn show(global: &Global, page: &RoutesPage, one: bool) -> Result<(), Failure> {
    if global.json {
        return Ok(print::json(page)?);
    }
    let paint = Paint::stdout(global.color);
    let lines = match page.routes.first().filter(|_| one) {
        Some(route) => sheet(paint, route),
        None => rows(paint, &page.routes),
    };
    for line in lines {
        print::line(&line)?;
    }
    Ok(())
}

fn rows(paint: Paint, routes: &[RouteView]) -> Vec<String> {
    let heads = std::iter::once(HEADS.map(str::to_owned));
    let rows: Vec<_> = heads.chain(routes.iter().map(cells)).collect();
    table::aligned(&rows, table::width(), |row, column, cell| {
        match (row, column) {
            (0, _) => paint.dim(cell),
            (_, 0) => paint.bold(cell),
            _ => cell.to_owned(),
        }
    })
}

fn cells(route: &RouteView) -> [String; 6] {
    [
        plain(&route.route),
        format!("{} of {}", span(route.time), span(route.max_time)),
        running(route),
        route.queued.to_string(),
        fields(route).join(" "),
        plain(&route.description),
    ]
}

/// How many run, of how many, and where it is so that nobody is there to serve them.
fn running(route: &RouteView) -> String {
    let running = match route.concurrency {
        Some(most) => format!("{} of {most}", route.running),
        None => route.running.to_string(),
    };
    match route.workers {
        Some(0) => format!("{running}, no worker"),
        Some(_) | None => running,
    }
}

/// The fields of an input, those that must be there with a star.
fn fields(route: &RouteView) -> Vec<String> {
    let schema = schema(route);
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|it| it == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, _)| match is_required(name) {
            true => format!("{}*", plain(name)),
            false => plain(name),
        })
        .collect()
}

fn schema(route: &RouteView) -> Value {
    let read = route.schema.as_ref().map(Payload::read);
    read.and_then(Result::ok).unwrap_or_default()
}

fn sheet(paint: Paint, route: &RouteView) -> Vec<String> {
    let span_of = |span_of: Option<_>| span_of.map(span);
    let rows = [
        ("route", Some(plain(&route.route))),
        ("description", Some(plain(&route.description))),
        ("time", Some(span(route.time))),
        ("max time", Some(span(route.max_time))),
        ("idle time", span_of(route.idle_time)),
        ("queue time", span_of(route.queue_time)),
        ("kill grace", Some(span(route.kill_grace))),
        ("running", Some(running(route))),
        ("queued", Some(route.queued.to_string())),
        ("workers", route.workers.map(|workers| workers.to_string())),
        (
            "durable",
            Some(if route.durable { "yes" } else { "no" }.to_owned()),
        ),
        ("input", Some(input(route))),
    ];
    let said = rows
        .into_iter()
        .filter_map(|(head, said)| Some((head, said?)));
    said.filter(|(_, said)| !said.is_empty())
        .map(|(head, said)| format!("{}{said}", paint.dim(&format!("{head:<13}"))))
        .collect()
}

/// The schema of an input, as one may copy it.
fn input(route: &RouteView) -> String {
    let schema = schema(route);
    if schema.is_null() {
        "anything".to_owned()
    } else {
        format!("{schema:#}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn route(fields: &Value) -> RouteView {
        let mut all = json!({
            "route": "resize", "description": "makes it small", "time": 60, "max_time": 3600, "kill_grace": 5, "durable": true,
            "queued": 2, "running": 4
        });
        let more = fields.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(more);
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn a_table_says_what_an_input_has() {
        let schema = json!({"properties": {"width": {}, "note": {}}, "required": ["width"]});
        let routes = [
            route(&json!({"concurrency": 4, "schema": schema})),
            route(&json!({"route": "request", "description": ""})),
            route(&json!({"route": "render", "workers": 0, "description": ""})),
            route(&json!({"route": "train", "workers": 2, "description": ""})),
        ];
        let expected = [
            "ROUTE    TIME            RUNNING       QUEUED  INPUT        DESCRIPTION",
            "resize   60 s of 3600 s  4 of 4        2       note width*  makes it small",
            "request  60 s of 3600 s  4             2",
            "render   60 s of 3600 s  4, no worker  2",
            "train    60 s of 3600 s  4             2",
        ];
        assert_eq!(rows(Paint::none(), &routes), expected);
    }

    #[test]
    fn a_sheet_has_the_whole_schema() {
        let text = sheet(
            Paint::none(),
            &route(&json!({"schema": {"type": "object"}})),
        )
        .join("\n");
        assert!(
            text.contains("input        {\n  \"type\": \"object\"\n}"),
            "{text}"
        );
        let text = sheet(Paint::none(), &route(&json!({}))).join("\n");
        assert!(text.ends_with("input        anything"), "{text}");
    }

    #[test]
    fn a_schema_that_is_none_has_no_fields() {
        for schema in [json!(true), json!({"properties": 1}), json!([])] {
            let fields = fields(&route(&json!({ "schema": schema })));
            assert_eq!(fields, Vec::<String>::new());
        }
    }
}
