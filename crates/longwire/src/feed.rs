//! `longwire watch` without a request: the changes of state of all.

use longwire_client::{Client, Error, FeedFrame, FeedHappening, Gap};
use longwire_protocol::GapFrame;

use crate::{
    Global, bar::span, connect, exit::Exit, failure::Failure, paint::Paint, print, signals::Stops,
};

pub(crate) async fn run(global: &Global) -> Result<Exit, Failure> {
    let client = connect::for_long(global).await?;
    let mut stops = Stops::new()?;
    let ended = tokio::select! {
        ended = follow(global, &client) => ended,
        _ = stops.next() => Ok(()),
    };
    client.close().await;
    ended.map(|()| Exit::Ok)
}

async fn follow(global: &Global, client: &Client) -> Result<(), Failure> {
    let paint = Paint::stdout(global.color);
    let mut links = client.links();
    let mut feed = client.feed().await?;
    loop {
        tokio::select! {
            Some(link) = links.changed() => {
                connect::news(&link).iter().for_each(|news| print::say(news));
            }
            next = feed.next() => match next {
                Some(Ok(happening)) => show(global, paint, &happening)?,
                // A server that was started anew counts from 1 again.
                Some(Err(Error::Refused(_))) => feed = client.feed().await?,
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
        }
    }
}

fn show(global: &Global, paint: Paint, happening: &FeedHappening) -> Result<(), Failure> {
    match happening {
        FeedHappening::Change(change) if global.json => print::json(change)?,
        FeedHappening::Change(change) => print::line(&line(paint, change))?,
        FeedHappening::Gap(gap) if global.json => print::json(&gap_frame(*gap))?,
        FeedHappening::Gap(gap) => print::line(&paint.dim(&format!(
            "changes {} to {} are no longer kept",
            gap.from, gap.to
        )))?,
    }
    Ok(())
}

const fn gap_frame(gap: Gap) -> GapFrame {
    GapFrame {
        connid: None,
        job: None,
        gap,
    }
}

fn line(paint: Paint, change: &FeedFrame) -> String {
    let at = change.at.to_string();
    let time = at.get(11..23).unwrap_or(&at);
    let status = paint.status(change.status, change.status.as_str());
    let left = change.left.map(|left| format!(", {} left", span(left)));
    format!(
        "{} {} {} {status}{}",
        paint.dim(time),
        paint.bold(change.connid.as_str()),
        change.route,
        left.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_a_line() {
        let change = serde_json::from_value(json!({
            "feed": 1, "at": "2026-01-31T12:00:00.500Z", "connid": "42", "seq": 1, "status": "running", "left": 17.25,
            "job": "01970000-0000-7000-8000-000000000001", "route": "request"
        }));
        let line = line(Paint::none(), &change.unwrap());
        assert_eq!(line, "12:00:00.500 42 request running, 17.2 s left");
    }
}
