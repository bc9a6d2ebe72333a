//! Workers that die, and workers that are not there.

use std::time::{Duration, Instant};

use livegate_tests::client::Capture;
use livegate_tests::media::{jpeg, portrait_frame};

use super::stack::Distributed;

/// Enough work that a worker is in the middle of it for a while.
fn long_capture() -> Capture {
    let frame = jpeg(&portrait_frame(700, 0));
    let tags = (0..20).map(|i| if i < 10 { "center" } else { "turn_left" });
    Capture(tags.map(|tag| (tag.to_owned(), frame.clone())).collect())
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn the_work_of_a_killed_worker_is_done_by_another_within_the_deadline() {
    let mut stack = Distributed::start(1, None).await;
    let session = stack.app.client.session(&["turn_left", "turn_right"]).await;
    let (client, capture) = (stack.app.client.clone(), long_capture());
    let id = session.clone();
    let verify = tokio::spawn(async move { client.verify(&id, &capture).await });
    // Ten batches for one thread: once the claim is seen, the worker has most of them before it.
    stack.app.until_state(&session, "processing").await;
    stack.workers[0].kill();
    stack.add_worker(None);
    let answer = verify.await.unwrap();
    answer.assert_rejected(&["challenge_failed"]);
    assert_eq!(answer.body["frames_analyzed"], 20, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_verify_answers_502_at_its_deadline_and_never_hangs() {
    let limit = Duration::from_secs(2);
    let stack = Distributed::start_with(0, None, limit).await;
    let session = stack.app.client.session(&["turn_left", "turn_right"]).await;
    let began = Instant::now();
    let answer = stack.app.client.verify(&session, &Capture::good()).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    assert!(began.elapsed() >= limit, "not before the deadline");
    let status = stack.app.until_state(&session, "failed").await;
    assert_eq!(
        status.body["reason_codes"],
        serde_json::json!(["internal_error"])
    );
    let again = stack.app.client.verify(&session, &Capture::good()).await;
    again.assert_error(409, "SESSION_USED");
}
