//! How jobs end.

use super::*;

/// With more of them than a handle holds.
#[tokio::test]
async fn a_result_comes_beside_the_events_and_leaves_them_to_be_read() {
    const ALL: Seq = 200;
    let expected: Vec<_> = (2..=ALL).map(|seq| (seq, seq)).collect();
    for reads_meanwhile in [false, true] {
        let (_fake, client, mut peer) = Fake::with_client().await;
        let mut job = start(&client, &mut peer, "42").await;
        let read = async {
            let result = job.result::<u32>();
            if reads_meanwhile {
                let (seen, result) = tokio::join!(seen(&mut job), result);
                return (result, seen);
            }
            (result.await, seen(&mut job).await)
        };
        let (result, seen) = tokio::select! {
            read = read => read,
            () = watched_on(&mut peer, ALL) => panic!("it never ends"),
        };
        assert_eq!((result, &seen), (Ok(7), &expected));
        assert_eq!(job.result::<u32>().await, Ok(7), "again");
    }
}

/// Says what is wanted of a job with so many events, whatever is wanted.
async fn watched_on(peer: &mut Peer, all: Seq) {
    let end = json!({"connid": "42", "job": JOB, "seq": all, "status": "ok", "result": 7});
    let mut after = 1;
    loop {
        for seq in after + 1..all {
            peer.says(output_by_job("42", seq)).await;
        }
        if after < all {
            peer.says(end.clone()).await;
        }
        let (id, frame) = peer.hears().await;
        let mut answer = watching(id, "42", all);
        answer["route"] = frame["route"].clone();
        peer.says(answer).await;
        after = frame["after"].as_u64().unwrap_or(all);
    }
}

#[tokio::test]
async fn a_result_is_read_as_what_is_asked_for_and_other_ends_are_errors_of_their_own() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    for (end, code, says) in [
        (json!({"status": "ok", "result": 7}), None, ""),
        (
            json!({"status": "ok", "result": "x"}),
            Some("json"),
            "invalid type: string \"x\", expected u32",
        ),
        (
            json!({"status": "ok"}),
            Some("json"),
            "invalid type: null, expected u32",
        ),
        (
            json!({"status": "failed", "error": {"code": "disk_full", "message": "no space is left"}}),
            Some("disk_full"),
            "42 failed: no space is left (disk_full)",
        ),
        (
            json!({"status": "killed", "kill": {"by": "ann", "reason": "old", "forced": false, "ms": 3}}),
            Some("killed"),
            "42 was killed by ann: old",
        ),
        (
            json!({"status": "timeout", "clock": "time"}),
            Some("timeout"),
            "42 ran out of time",
        ),
        (
            json!({"status": "lost", "error": {"code": "worker_lost", "message": "its worker is gone"}}),
            Some("lost"),
            "42 was lost: its worker is gone (worker_lost)",
        ),
    ] {
        let job = start(&client, &mut peer, "42").await;
        let mut frame = json!({"connid": "42", "seq": 2});
        frame
            .as_object_mut()
            .unwrap()
            .extend(end.as_object().unwrap().clone());
        peer.says(frame).await;
        for _ in 0..2 {
            match job.result::<u32>().await {
                Ok(result) => assert_eq!((result, code), (7, None)),
                Err(error) => {
                    assert_eq!(Some(error.code()), code);
                    assert!(error.to_string().starts_with(says), "{error}");
                    let is_end = error.last_event().is_some_and(|event| event.seq == 2);
                    assert_eq!(is_end, end["status"] != "ok", "{error}");
                }
            }
        }
    }
}

/// Its name may be another's by now.
#[tokio::test]
async fn a_handles_verbs_say_the_servers_name_for_its_job_and_are_for_the_server_to_refuse() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let job = start(&client, &mut peer, "42").await;
    peer.says(json!({"connid": "42", "seq": 2, "status": "ok"}))
        .await;
    job.outcome().await.unwrap();
    let serve = async {
        for frame in [
            json!({"route": "kill", "job": JOB, "reason": "old"}),
            json!({"route": "kill", "job": JOB, "wait": true}),
            json!({"route": "extend", "job": JOB, "time": 60}),
        ] {
            let id = peer.expects(frame).await;
            peer.says(json!({"id": id, "status": "error", "code": "already_ended", "message": "it has", "ended": {"status": "ok", "seq": 2}}))
                .await;
        }
    };
    let ask = async {
        for refused in [
            job.kill(Some("old")).await,
            job.kill_and_wait(None).await,
            job.extend(60).await,
        ] {
            assert_eq!(refused.unwrap_err().code(), "already_ended");
        }
    };
    tokio::join!(ask, serve);
}

#[tokio::test]
async fn where_nothing_is_left_to_be_sent_the_events_end_and_the_outcome_is_asked_for() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let (name, id) = (connid("42"), JobId::parse(JOB).unwrap());
    for target in [Target::Connid(name), Target::Job(id)] {
        let mut ended = watching(0, "42", 3);
        ended["ended"] = json!({"status": "ok", "seq": 3});
        let serve = async {
            let (id, _) = peer.hears().await;
            ended["id"] = json!(id);
            peer.says(ended).await;
        };
        let (job, ()) = tokio::join!(client.watch(target, 5), serve);
        let mut job = job.unwrap();
        assert_eq!(seen(&mut job).await, []);
        let serve = async {
            let id = peer.expects_watch_after(2).await;
            peer.says(watching(id, "42", 3)).await;
            peer.says(json!({"connid": "42", "job": JOB, "seq": 3, "status": "ok", "result": 7}))
                .await;
        };
        let (result, ()) = tokio::join!(job.result::<u32>(), serve);
        assert_eq!(result, Ok(7));
        assert_eq!(seen(&mut job).await, [], "it was seen before");
    }
}
