//! `longwire extend`

use crate::{Global, args::ExtendArgs, bar::span, connect, exit::Exit, failure::Failure, print};

pub(crate) async fn run(global: &Global, args: ExtendArgs) -> Result<Exit, Failure> {
    let client = connect::briefly(global).await?;
    let done = client.extend(&args.connid, args.seconds).await?;
    if global.json {
        print::json(&done)?;
    } else {
        let left = span(done.left.unwrap_or(args.seconds));
        print::line(&format!("{}: {left} from now", args.connid))?;
    }
    client.close().await;
    Ok(Exit::Ok)
}
