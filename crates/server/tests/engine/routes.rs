//! Routes that change while their jobs wait and run.

use std::{sync::Arc, time::Duration};

use longwire_engine::{Principal, RouteSettings, Router};
use longwire_protocol::Code;
use tokio::time::sleep;

use crate::bench::{Bench, Player, Timer, bounded, ms, settings, start};

fn player() -> Arc<Player> {
    Arc::new(Player::default())
}

impl Bench {
    /// That route and no other, for this bench.
    fn only(&self, name: &str, settings: RouteSettings) -> Router {
        let workers = Arc::clone(self.engine.router().workers());
        Router::new(workers).with(name, settings, player())
    }

    /// How some jobs stand, once whatever goes by itself has gone.
    async fn stand<const N: usize>(&self, connids: [&str; N]) -> [&'static str; N] {
        sleep(Duration::from_millis(1)).await;
        let mut stand = [""; N];
        for (at, connid) in connids.into_iter().enumerate() {
            stand[at] = self.status(connid).await;
        }
        stand
    }

    async fn names(&self) -> Vec<String> {
        let page = self.engine.routes(&Principal::anonymous()).await;
        page.routes
            .iter()
            .map(|route| route.route.to_string())
            .collect()
    }
}

/// Three jobs on a route with one place: one runs, two wait.
async fn three_on_narrow() -> Bench {
    let bench = Bench::new().await;
    for connid in ["a", "b", "c"] {
        bench.start("narrow", connid, "until told; stop").await;
    }
    assert_eq!(
        bench.stand(["a", "b", "c"]).await,
        ["running", "queued", "queued"]
    );
    bench
}

#[tokio::test(start_paused = true)]
async fn more_places_are_given_at_once_and_those_taken_count() {
    let bench = three_on_narrow().await;
    assert!(
        bench
            .engine
            .set_routes(bench.only("narrow", bounded(2)))
            .is_empty()
    );
    assert_eq!(
        bench.stand(["a", "b", "c"]).await,
        ["running", "running", "queued"]
    );
}

#[tokio::test(start_paused = true)]
async fn fewer_places_end_nothing_and_are_given_again_once_there_are_some() {
    let bench = Bench::with(2).await;
    for connid in ["a", "b", "c"] {
        bench.start("narrow", connid, "until told; stop").await;
    }
    bench.engine.set_routes(bench.only("narrow", bounded(1)));
    assert_eq!(
        bench.stand(["a", "b", "c"]).await,
        ["running", "running", "queued"]
    );
    bench.kill("a").await.unwrap();
    assert_eq!(
        bench.stand(["a", "b", "c"]).await,
        ["killed", "running", "queued"]
    );
    bench.kill("b").await.unwrap();
    assert_eq!(bench.stand(["b", "c"]).await, ["killed", "running"]);
}

#[tokio::test(start_paused = true)]
async fn a_bound_that_is_gone_lets_all_through() {
    let bench = three_on_narrow().await;
    bench.engine.set_routes(bench.only("narrow", settings()));
    assert_eq!(bench.stand(["a", "b", "c"]).await, ["running"; 3]);
    bench.start("narrow", "d", "until told; stop").await;
    assert_eq!(bench.stand(["d"]).await, ["running"]);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_is_gone_serves_what_it_had_accepted_and_nothing_new() {
    let bench = three_on_narrow().await;
    bench.engine.set_routes(bench.only("new", settings()));
    assert_eq!(bench.names().await, ["new"]);
    let refused = bench.try_start(start("narrow", "d", "ok")).await;
    assert_eq!(refused.unwrap_err(), Code::UnknownRoute);
    bench.start("new", "e", "until told; stop").await;
    bench.kill("a").await.unwrap();
    assert_eq!(
        bench.stand(["a", "b", "c", "e"]).await,
        ["killed", "running", "queued", "running"]
    );

    // It may come back, and goes on with its queue.
    bench.engine.set_routes(bench.only("narrow", bounded(2)));
    assert_eq!(bench.names().await, ["narrow"]);
    assert_eq!(bench.stand(["b", "c"]).await, ["running", "running"]);
}

#[tokio::test(start_paused = true)]
async fn new_terms_are_those_of_new_jobs() {
    let bench = Bench::new().await;
    bench.start("work", "a", "until told; stop").await;
    let short = RouteSettings {
        time: ms(10),
        ..settings()
    };
    bench.engine.set_routes(bench.only("work", short));
    bench.start("work", "b", "until told; stop").await;
    sleep(Duration::from_millis(20)).await;
    assert_eq!(bench.stand(["a", "b"]).await, ["running", "timeout"]);
}

#[tokio::test(start_paused = true)]
async fn what_its_clock_alone_serves_stays_so_and_the_other_way_round() {
    let bench = Bench::new().await;
    bench.start("request", "a", "").await;
    bench.start("work", "b", "until told; stop").await;
    let swapped = bench
        .only("request", settings())
        .with("work", settings(), Arc::new(Timer));
    let mut left = bench.engine.set_routes(swapped);
    left.sort();
    assert_eq!(left, ["request".into(), "work".into()]);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(bench.stand(["a", "b"]).await, ["ok", "timeout"]);
}
