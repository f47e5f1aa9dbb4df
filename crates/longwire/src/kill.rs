//! `longwire kill`

use longwire_client::{Client, Connid, Done, Error, Outcome, Where};

use crate::{Global, args::KillArgs, connect, exit::Exit, failure::Failure, print, tell};

pub(crate) async fn run(global: &Global, args: KillArgs) -> Result<Exit, Failure> {
    let client = connect::briefly(global).await?;
    if args.route.is_some() || args.tag.is_some() {
        let exit = kill_all(global, &client, args).await;
        client.close().await;
        return exit;
    }
    let mut worst = Exit::Ok;
    for connid in &args.connids {
        let exit = match kill(&client, connid, &args).await {
            Ok(done) => report(global, connid, &done, args.wait)?,
            Err(error) => Failure::from(error).report(global),
        };
        worst = if worst == Exit::Ok { exit } else { worst };
    }
    client.close().await;
    Ok(worst)
}

async fn kill_all(global: &Global, client: &Client, args: KillArgs) -> Result<Exit, Failure> {
    let filter = Where {
        route: args.route.map(Into::into),
        tag: args.tag.map(Into::into),
    };
    let killed = client.kill_all(filter, args.reason.as_deref()).await?;
    if global.json {
        print::json(&serde_json::json!({ "killed": killed }))?;
    } else {
        print::line(&format!("{killed} told to end"))?;
    }
    Ok(Exit::Ok)
}

async fn kill(client: &Client, connid: &Connid, args: &KillArgs) -> Result<Done, Error> {
    let reason = args.reason.as_deref();
    if args.wait {
        client.kill_and_wait(connid, reason).await
    } else {
        client.kill(connid, reason).await
    }
}

fn report(global: &Global, connid: &Connid, done: &Done, waited: bool) -> Result<Exit, Failure> {
    if global.json {
        print::json(done)?;
    }
    let Some(ended) = done.ended.as_ref().filter(|_| waited) else {
        if !global.json {
            print::line(&format!("{connid}: told to end"))?;
        }
        return Ok(Exit::Ok);
    };
    let survivors = ended.kill.as_ref().and_then(|receipt| receipt.survivors);
    if !global.json {
        let text = match (&ended.kill, ended.status.outcome()) {
            (Some(receipt), Some(Outcome::Killed)) => tell::receipt(receipt),
            _ => format!(
                "had ended before the kill reached it: {}",
                ended.status.as_str()
            ),
        };
        print::line(&format!("{connid}: {text}"))?;
    }
    // What was to be dead and lives is no success.
    Ok(if survivors.unwrap_or(0) > 0 {
        Exit::Failed
    } else {
        Exit::Ok
    })
}
