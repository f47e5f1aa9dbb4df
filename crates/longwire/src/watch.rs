//! `longwire watch`

use longwire_client::Target;

use crate::{Global, args::WatchArgs, connect, exit::Exit, failure::Failure, feed, follow};

pub(crate) async fn run(global: &Global, args: WatchArgs) -> Result<Exit, Failure> {
    let Some(target) = Target::of(args.connid, args.job) else {
        if args.after.is_some() {
            let why =
                "--after goes with a connid or --job; the changes of all are shown from now on";
            return Err(Failure::Usage(why.to_owned()));
        }
        return feed::run(global).await;
    };
    let client = connect::for_long(global).await?;
    let watch = client.watch(target, args.after.unwrap_or(0));
    let job = connect::first(&client, watch).await?;
    follow::run(global, client, job, false).await
}
