//! `longwire status`

use longwire_client::{Client, JobView, KillNote, StatusPage, StatusQuery, Where};

use crate::{
    Global,
    args::StatusArgs,
    bar::{self, progress, span},
    connect,
    exit::Exit,
    failure::Failure,
    live,
    paint::Paint,
    print::{self, plain},
    table, tell,
};

/// The most that fit on one page of the server's.
const PAGE: u16 = 1000;

pub(crate) async fn run(global: &Global, args: StatusArgs) -> Result<Exit, Failure> {
    if args.watch {
        let client = connect::for_long(global).await?;
        return live::run(global, client, query(&args)).await;
    }
    let client = connect::briefly(global).await?;
    let shown = match &args.connid {
        Some(_) => one(global, &client, query(&args)).await,
        None => some(global, &client, &args).await,
    };
    client.close().await;
    shown.map(|()| Exit::Ok)
}

fn query(args: &StatusArgs) -> StatusQuery {
    let filter = Where {
        route: args.route.as_deref().map(Into::into),
        tag: args.tag.as_deref().map(Into::into),
    };
    StatusQuery {
        job: None,
        connid: args.connid.clone(),
        limit: if args.all {
            args.limit.or(Some(PAGE))
        } else {
            args.limit
        },
        after: None,
        filter: (filter != Where::default()).then_some(filter),
    }
}

async fn one(global: &Global, client: &Client, query: StatusQuery) -> Result<(), Failure> {
    let page = client.status(query).await?;
    if global.json {
        return Ok(print::json(&page)?);
    }
    let paint = Paint::stdout(global.color);
    for job in &page.jobs {
        print::line(&sheet(paint, job))?;
    }
    Ok(())
}

async fn some(global: &Global, client: &Client, args: &StatusArgs) -> Result<(), Failure> {
    let paint = Paint::stdout(global.color);
    let mut query = query(args);
    let mut heads = true;
    loop {
        let page = client.status(query.clone()).await?;
        let next = page.next.filter(|_| args.all);
        if global.json {
            print::json(&page)?;
        } else {
            show(paint, &page, heads, args.all)?;
        }
        heads = false;
        let Some(after) = next else { return Ok(()) };
        query.after = Some(after);
    }
}

fn show(paint: Paint, page: &StatusPage, heads: bool, all: bool) -> Result<(), Failure> {
    if page.jobs.is_empty() && heads && page.next.is_none() {
        // For people: a script that reads stdout gets an empty list.
        print::say("nothing runs");
        return Ok(());
    }
    for (at, line) in table::lines(paint, &page.jobs, table::width())
        .iter()
        .enumerate()
    {
        if at > 0 || heads {
            print::line(line)?;
        }
    }
    if page.next.is_some() && !all {
        let total = page.total.map(|total| format!(" of {total}"));
        print::say(&format!(
            "{}{} shown; --all shows the rest",
            page.jobs.len(),
            total.unwrap_or_default()
        ));
    }
    Ok(())
}

/// All there is to say of one request.
fn sheet(paint: Paint, job: &JobView) -> String {
    let mut rows: Vec<(&str, String)> = vec![
        ("connid", job.connid.to_string()),
        ("job", job.job.to_string()),
        ("route", job.route.to_string()),
        ("status", paint.status(job.status, &table::status(job))),
        ("time", span(job.time)),
        ("left", bar::left(job, 20)),
        ("elapsed", span(job.elapsed)),
        ("accepted", job.accepted_at.to_string()),
    ];
    let at = |at: Option<longwire_client::Timestamp>| at.map(|at| at.to_string());
    let told = [
        ("started", at(job.started_at)),
        ("ended", at(job.ended_at)),
        ("idle time", job.idle_time.map(span)),
        ("queue time", job.queue_time.map(span)),
        ("progress", job.progress.as_deref().map(progress)),
        ("tags", Some(plain(&job.tags.join(", ")))),
        ("by", Some(plain(&job.by))),
        ("last event", Some(job.seq.to_string())),
        ("kill", job.kill.as_ref().map(kill)),
        (
            "clock",
            job.clock.map(|clock| tell::clock(Some(clock)).to_owned()),
        ),
        (
            "result",
            job.result.as_ref().map(|result| plain(result.as_str())),
        ),
        (
            "error",
            job.error
                .as_ref()
                .map(|error| format!("{} ({})", plain(&error.message), plain(&error.code))),
        ),
    ];
    rows.extend(
        told.into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let lines = rows
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{} {value}", paint.dim(&format!("{name:<10}"))));
    lines.collect::<Vec<_>>().join("\n")
}

fn kill(note: &KillNote) -> String {
    match note {
        KillNote::Receipt(receipt) => tell::receipt(receipt),
        KillNote::Wish(wish) => format!("wished by {}", plain(&wish.by)),
    }
}
