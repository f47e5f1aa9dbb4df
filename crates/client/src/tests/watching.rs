//! Jobs and the feed, watched.

use super::*;

#[tokio::test]
async fn a_job_is_followed_to_its_outcome() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    assert_eq!((job.connid().as_str(), job.seen()), ("42", 1));
    assert_eq!(job.started().unwrap().left, Seconds::from_secs(30));
    for seq in 2..=3 {
        peer.says(output("42", seq)).await;
    }
    peer.says(json!({"connid": "42", "seq": 4, "status": "ok", "result": {"pages": 3}}))
        .await;
    let end = job.outcome().await.unwrap();
    assert_eq!(end.result.unwrap().as_str(), r#"{"pages":3}"#);
    assert_eq!(job.seen(), 1, "none of its events was read for that");
    assert_eq!(seen(&mut job).await, [(2, 2), (3, 3), (4, 4)]);
    assert_eq!(job.seen(), 4);
    assert!(job.next().await.is_none());
}

#[tokio::test]
async fn a_watch_goes_on_from_the_last_event_on_a_new_connection() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let mut links = client.links();
    let mut job = start(&client, &mut peer, "42").await;
    peer.says(output("42", 2)).await;
    assert!(job.next().await.unwrap().is_ok());
    drop(peer);

    assert!(matches!(
        links.changed().await.unwrap(),
        Link::Reconnecting { attempts: 1, .. }
    ));
    let mut peer = fake.accept().await;
    let id = peer.expects_watch_after(2).await;
    assert_eq!(links.changed().await, Some(Link::Connected));
    peer.says(watching(id, "42", 9)).await;
    // Twice is allowed; what is no longer kept is said.
    peer.says(output("42", 2)).await;
    peer.says(json!({"connid": "42", "job": JOB, "gap": {"from": 2, "to": 7}}))
        .await;
    peer.says(output("42", 7)).await;
    peer.says(json!({"connid": "42", "job": JOB, "seq": 8, "status": "failed", "error": {"code": "x", "message": "y"}}))
        .await;
    assert_eq!(seen(&mut job).await, [(3, 7), (8, 8)]);
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_job_ends_the_watch() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    peer.closes(1001, "server is going away").await;
    let mut peer = fake.accept().await;
    let (id, _) = peer.hears().await;
    peer.says(unknown(id, "42")).await;
    let error = job.outcome().await.unwrap_err();
    assert_eq!(error.code(), "unknown_connid");
    assert_eq!(job.next().await, Some(Err(error)));
    assert!(job.next().await.is_none());
}

/// What comes before the server says which is which counts for neither.
#[tokio::test]
async fn events_of_two_jobs_of_one_name_are_told_apart() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let other = "01970000-0000-7000-8000-000000000002";
    let mut first = start(&client, &mut peer, "42").await;
    peer.says(output("42", 2)).await;
    assert!(first.next().await.unwrap().is_ok());
    let serve = async {
        let (id, _) = peer.hears().await;
        let mut reply = started(id, "42");
        reply["job"] = json!(other);
        peer.says(reply).await;
        peer.says(json!({"connid": "42", "seq": 2, "status": "running"}))
            .await;
        peer.says(json!({"connid": "42", "seq": 3, "status": "killed"}))
            .await;
        for (job, after) in [(JOB, 2), (other, 1)] {
            let id = peer
                .expects(json!({"route": "watch", "job": job, "after": after}))
                .await;
            let mut reply = watching(id, "42", 3);
            reply["job"] = json!(job);
            peer.says(reply).await;
        }
        for (job, seq, status) in [(other, 2, "running"), (other, 3, "killed"), (JOB, 3, "ok")] {
            peer.says(json!({"connid": "42", "job": job, "seq": seq, "status": status}))
                .await;
        }
    };
    let (second, ()) = tokio::join!(client.start(named("42")), serve);
    let mut second = second.unwrap();
    assert_eq!(first.outcome().await.unwrap().status.as_str(), "ok");
    assert_eq!(second.outcome().await.unwrap().status.as_str(), "killed");
    assert_eq!(seen(&mut first).await, [(3, 3)]);
    assert_eq!(seen(&mut second).await, [(2, 2), (3, 3)]);
}

/// The first is read on slowly, after it has ended and its name is another's.
#[tokio::test]
async fn frames_that_name_no_job_are_not_of_one_that_is_watched_by_it() {
    const ROOM: Seq = 64;
    let (_fake, client, mut peer) = Fake::with_client().await;
    let other = "01970000-0000-7000-8000-000000000002";
    let first = start(&client, &mut peer, "42").await;
    for seq in 2..=ROOM + 2 {
        peer.says(output("42", seq)).await;
    }
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.expects(json!({"route": "unwatch", "job": JOB})).await;
        let mut reply = started(id, "42");
        reply["job"] = json!(other);
        peer.says(reply).await;
        let id = peer
            .expects(json!({"route": "watch", "job": other, "after": 1}))
            .await;
        let mut reply = watching(id, "42", 2);
        reply["job"] = json!(other);
        peer.says(reply).await;
        peer.says(json!({"connid": "42", "job": other, "seq": 2, "status": "ok"}))
            .await;
    };
    let (second, ()) = tokio::join!(client.start(named("42")), serve);
    assert_eq!(seen(&mut second.unwrap()).await, [(2, 2)]);
    let serve = async {
        let (id, frame) = peer.hears().await;
        assert_eq!(frame["after"], ROOM + 1, "{frame}");
        peer.says(watching(id, "42", ROOM + 2)).await;
        for (job, status) in [(None, "ok"), (Some(JOB), "killed")] {
            let mut end = json!({"connid": "42", "seq": ROOM + 2, "status": status});
            if let Some(job) = job {
                end["job"] = json!(job);
            }
            peer.says(end).await;
        }
    };
    let (ended, ()) = tokio::join!(first.outcome(), serve);
    assert_eq!(ended.unwrap().status.as_str(), "killed");
}

#[tokio::test]
async fn a_server_that_leaves_events_out_is_asked_twice_and_given_up() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    let serve = async {
        peer.says(output("42", 3)).await;
        for _ in 0..2 {
            let id = peer.expects_watch_after(1).await;
            peer.says(watching(id, "42", 3)).await;
            peer.says(output_by_job("42", 3)).await;
        }
        peer.expects(json!({"route": "unwatch", "job": JOB})).await;
    };
    let (next, ()) = tokio::join!(job.next(), serve);
    let error = next.unwrap().unwrap_err();
    assert_eq!(error.code(), "unexpected_frame");
    assert!(
        error.to_string().contains("3 comes where 2 is due"),
        "{error}"
    );
}

#[tokio::test]
async fn handles_of_one_job_are_independent() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let mut first = start(&client, &mut peer, "42").await;
    let name = connid("42");
    peer.says(output("42", 2)).await;
    peer.says(output("42", 3)).await;
    let serve = async {
        let id = peer
            .expects(json!({"route": "watch", "connid": "42", "after": 2}))
            .await;
        peer.says(watching(id, "42", 3)).await;
        peer.says(output("42", 3)).await;
        peer.says(output("42", 4)).await;
    };
    let (second, ()) = tokio::join!(client.watch(&name, 2), serve);
    let mut second = second.unwrap();
    for (job, seqs) in [(&mut first, 2..=4), (&mut second, 3..=4)] {
        for seq in seqs {
            let next = job.next().await.unwrap().unwrap();
            assert!(matches!(next, Happening::Event(event) if event.seq == seq));
        }
    }
    drop(peer);

    let mut peer = fake.accept().await;
    let id = peer.expects_watch_after(4).await;
    peer.says(watching(id, "42", 5)).await;
    drop(second);
    peer.says(json!({"connid": "42", "job": JOB, "seq": 5, "status": "ok"}))
        .await;
    assert_eq!(seen(&mut first).await, [(5, 5)]);
}

#[tokio::test]
async fn a_job_has_other_handles_and_the_feed_goes_on_from_a_number() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    peer.says(output("42", 2)).await;
    assert!(job.next().await.unwrap().is_ok());
    let serve = async {
        let id = peer.expects_watch_after(2).await;
        peer.says(watching(id, "42", 2)).await;
        let id = peer.expects(json!({"route": "watch", "after": 7})).await;
        peer.says(json!({"id": id, "route": "watch", "status": "ok", "feed": 9}))
            .await;
        for feed in [7, 8] {
            peer.says(json!({"feed": feed, "at": "2026-01-31T12:00:00.000Z", "connid": "42", "job": JOB, "route": "request", "seq": 1, "status": "running"}))
                .await;
        }
    };
    let ask = async {
        let other = job.watch(2).await.unwrap();
        assert_eq!((other.id(), other.seen()), (job.id(), 2));
        let next = client.feed_after(7).await.unwrap().next().await;
        drop(other);
        assert!(matches!(next, Some(Ok(FeedHappening::Change(change))) if change.feed == 8));
    };
    tokio::join!(ask, serve);
}

#[tokio::test]
async fn a_watch_by_number_starts_there() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let id = JobId::parse(JOB).unwrap();
    let serve = async {
        let id = peer.expects_watch_after(17).await;
        peer.says(watching(id, "42", 18)).await;
        peer.says(json!({"connid": "42", "job": JOB, "seq": 18, "status": "ok"}))
            .await;
    };
    let (job, ()) = tokio::join!(client.watch(Target::Job(id), 17), serve);
    let mut job = job.unwrap();
    assert_eq!(job.seen(), 17);
    assert_eq!(seen(&mut job).await, [(18, 18)]);
}

#[tokio::test]
async fn leaving_a_job_ends_its_watch_and_leaving_all_closes_the_socket() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let job = start(&client, &mut peer, "42").await;
    drop(job);
    peer.expects(json!({"route": "unwatch", "job": JOB})).await;
    drop(client);
    assert!(
        peer.message()
            .await
            .is_none_or(|message| message.is_close())
    );
}

#[tokio::test]
async fn the_feed_tells_changes_and_gaps() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let change = |number: Seq| json!({"feed": number, "at": "2026-01-31T12:00:00.000Z", "connid": "42", "job": JOB, "route": "request", "seq": 1, "status": "running", "left": 3});
    let serve = async {
        let id = peer.expects(json!({"route": "watch"})).await;
        peer.says(json!({"id": id, "route": "watch", "status": "ok", "feed": 7}))
            .await;
        peer.says(change(8)).await;
        peer.says(change(10)).await;
    };
    let (feed, ()) = tokio::join!(client.feed(), serve);
    let mut feed = feed.unwrap();
    for expected in [8, 10] {
        let Some(Ok(FeedHappening::Change(change))) = feed.next().await else {
            panic!("a change");
        };
        assert_eq!(change.feed, expected);
    }
    drop(peer);
    let mut peer = fake.accept().await;
    let id = peer.expects(json!({"route": "watch", "after": 10})).await;
    peer.says(json!({"id": id, "route": "watch", "status": "ok", "feed": 30}))
        .await;
    peer.says(json!({"gap": {"from": 11, "to": 20}})).await;
    let gap = feed.next().await.unwrap().unwrap();
    assert!(matches!(gap, FeedHappening::Gap(gap) if (gap.from, gap.to) == (11, 20)));
}
