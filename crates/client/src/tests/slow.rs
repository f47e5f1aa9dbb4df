//! Readers that are slow.

use super::*;

#[tokio::test]
async fn a_slow_reader_holds_up_nobody_and_misses_nothing() {
    const ALL: Seq = 500;
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    for seq in 2..=ALL {
        peer.says(output("42", seq)).await;
    }
    // Nobody reads the job's events, and yet this is answered.
    let serve = async {
        let (id, _) = peer.hears().await;
        // What it would only drop it does not want to be sent.
        let unwatch = peer.expects(json!({"route": "unwatch", "job": JOB})).await;
        peer.says(json!({"id": unwatch, "route": "unwatch", "status": "ok"}))
            .await;
        peer.says(killed(id, "42", 501)).await;
    };
    let (killed, ()) = tokio::join!(job.kill(None), serve);
    assert!(killed.is_ok());

    let serve = async {
        let id = peer.expects_watch_after(65).await;
        peer.says(watching(id, "42", ALL)).await;
        for seq in 66..=ALL {
            peer.says(output_by_job("42", seq)).await;
        }
        peer.says(json!({"connid": "42", "job": JOB, "seq": ALL + 1, "status": "killed"}))
            .await;
        peer
    };
    let (seen, _peer) = tokio::join!(seen(&mut job), serve);
    let expected: Vec<_> = (2..=ALL + 1).map(|seq| (seq, seq)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn what_a_reader_cannot_take_is_left_in_the_socket_for_a_moment() {
    const ALL: Seq = 500;
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    for seq in 2..ALL {
        peer.says(output("42", seq)).await;
    }
    peer.says(json!({"connid": "42", "seq": ALL, "status": "ok"}))
        .await;
    // Time passes once the connection has nothing more to do, and the reader has not looked.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_millis(900)).await;
    tokio::time::resume();
    let expected: Vec<_> = (2..=ALL).map(|seq| (seq, seq)).collect();
    assert_eq!(seen(&mut job).await, expected);
    // Nothing had to be asked for again.
    start(&client, &mut peer, "43").await;
}

#[tokio::test]
async fn a_job_that_dies_without_watchers_is_not_left_by_a_slow_reader() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let dies = named("42").on_disconnect(OnDisconnect::Kill);
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.says(started(id, "42")).await;
    };
    let (job, ()) = tokio::join!(client.start(dies), serve);
    let mut job = job.unwrap();
    for seq in 2..=70 {
        peer.says(output("42", seq)).await;
    }
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.says(killed(id, "42", 66)).await;
    };
    let (killed, ()) = tokio::join!(job.kill(None), serve);
    assert!(killed.is_ok());
    let serve = async {
        let id = peer.expects_watch_after(65).await;
        peer.says(watching(id, "42", 70)).await;
        peer.says(json!({"connid": "42", "job": JOB, "seq": 66, "status": "ok"}))
            .await;
    };
    let (seen, ()) = tokio::join!(seen(&mut job), serve);
    assert_eq!(seen.len(), 65);
}
