//! A verify with an `Idempotency-Key` whose replica dies or stalls, and that is sent again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use livegate_api::keys::AttemptPolicy;
use livegate_api::keys::change::limit_attempts;
use livegate_tests::client::{Answer, Capture, Client, Sent};
use livegate_tests::fleet::{Fleet, Plan, RECOVERY};
use reqwest::Method;
use serde_json::{Value, json};

use super::slow;

/// Longest time until a verdict that is sent for again and again.
const PATIENCE: Duration = Duration::from_secs(60);

async fn new_body(client: &Client, capture: &Capture) -> (String, Value) {
    let session = client.session(&["turn_left", "turn_right"]).await;
    let body = capture.body(&session);
    (session, body)
}

async fn until_claimed(client: &Client, session: &str) {
    while client.status(session).await.body["state"] == "pending" {
        tokio::task::yield_now().await;
    }
}

/// Sends the same request as an integrator does who follows the documents: until it has a verdict.
async fn until_answered(client: &Client, key: &str, body: &Value) -> Answer {
    let began = Instant::now();
    loop {
        if let Sent::Answered(answer) = Client::try_send(client.verify_with_key(key, body)).await {
            if answer.status == 200 {
                return answer;
            }
            answer.assert_error(502, "PROCESSING_ERROR");
            assert!(!answer.is_replayed(), "a failure is final: {}", answer.body);
        }
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_killed_at_any_moment_costs_no_verdict_that_is_sent_for_again() {
    let mut fleet = Fleet::start(Plan::default()).await;
    let [first, second] = [0, 1].map(|n| fleet.clients[n].clone());
    let mut sessions = BTreeMap::new();
    // Four batches of 40 ms for two workers; from before the claim until after the answer.
    for after_ms in (0..240).step_by(15) {
        let (session, body) = new_body(&second, &slow(20)).await;
        let lost = tokio::spawn(Client::try_send(first.verify_with_key("a", &body)));
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        fleet.replicas[0].kill();
        let answer = until_answered(&second, "a", &body).await;
        assert_eq!(answer.body["verified"], true, "{after_ms}: {}", answer.body);
        if let Sent::Answered(heard) = lost.await.unwrap() {
            assert_eq!(heard.bytes, answer.bytes, "{after_ms}");
        }
        assert_eq!(second.status(&session).await.body["state"], "verified");
        fleet.replicas[0].start_again();
        fleet.recovered(Instant::now(), RECOVERY).await;
        let again = until_answered(&first, "a", &body).await;
        assert!(again.is_replayed() && again.bytes == answer.bytes);
        sessions.insert(session, 0);
    }
    let mut lines: Vec<String> = fleet.records().iter().map(Value::to_string).collect();
    lines.sort();
    // A process that dies between its line and the note that it is written leaves a line that is written again.
    lines.dedup();
    for line in lines {
        let record: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(record["verdict"], "verified");
        *sessions
            .get_mut(record["session_id"].as_str().unwrap())
            .unwrap() += 1;
    }
    assert!(sessions.values().all(|lines| *lines == 1), "{sessions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stalls_and_comes_back_gives_the_answer_of_the_one_that_took_over() {
    let fleet = Fleet::start(Plan {
        verify_seconds: 20,
        ..Plan::default()
    })
    .await;
    let [first, second] = [0, 1].map(|n| fleet.clients[n].clone());
    let (session, body) = new_body(&second, &slow(50)).await;
    let stalled = tokio::spawn(Client::try_send(first.verify_with_key("a", &body)));
    until_claimed(&second, &session).await;
    fleet.replicas[0].halt();
    let answer = until_answered(&second, "a", &body).await;
    assert!(!answer.is_replayed());
    fleet.replicas[0].go_on();
    let Sent::Answered(late) = stalled.await.unwrap() else {
        panic!("the stalled replica lost its caller");
    };
    assert_eq!(late.status, 200, "{}", late.body);
    assert!(late.is_replayed() && late.bytes == answer.bytes);
    assert_eq!(second.status(&session).await.body["state"], "verified");
    fleet.recorded(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_answer_to_a_request_with_a_key_is_kept_sealed_and_for_two_minutes() {
    let fleet = Fleet::start(Plan::default()).await;
    let client = &fleet.clients[0];
    let redis = |command: &str| fleet.redis.answer(command).unwrap();
    let kept = || {
        let names = redis("KEYS *");
        let names = names.lines().filter(|name| name.contains(":answer:"));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let (_, body) = new_body(client, &Capture::good()).await;
    assert_eq!(client.verify_raw(&body).await.status, 200);
    assert!(kept().is_empty());
    let (_, body) = new_body(client, &Capture::good()).await;
    let answer = until_answered(client, "a-key-of-a-caller", &body).await;
    assert_eq!(answer.body["verified"], true);
    let names = kept();
    let [name] = &names[..] else {
        panic!("{names:?}");
    };
    let left = redis(&format!("PTTL {name}"));
    let left_ms: u64 = left.trim().trim_start_matches(':').parse().unwrap();
    assert!((60_000..=120_000).contains(&left_ms), "{left_ms}");
    let value = redis(&format!("HGET {name} d"));
    assert!(value.len() > answer.bytes.len() / 2);
    for plain in ["verified", "best_frame", "0.0", "a-key-of-a-caller"] {
        assert!(!value.contains(plain), "{plain}");
    }
    assert!(!redis("KEYS *").contains("a-key-of-a-caller"));
}

/// Keys and members of the windows in the store.
fn windows(fleet: &Fleet) -> Vec<(String, usize)> {
    let names = fleet.redis.answer("KEYS livegate:window:*").unwrap();
    let names = names.lines().filter(|line| line.starts_with("livegate:"));
    let count = |name: &str| {
        let answer = fleet.redis.command(&format!("ZCARD {name}")).unwrap();
        answer.trim_start_matches(':').parse().unwrap()
    };
    names.map(|name| (name.to_owned(), count(name))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_killed_while_it_creates_sessions_loses_no_attempt_and_keeps_no_reference() {
    let mut fleet = Fleet::start(Plan::default()).await;
    let policy = AttemptPolicy {
        most: 1000,
        per: Duration::from_secs(900),
    };
    let keys = fleet.folder().join("keys.toml");
    limit_attempts(&keys, &fleet.key.id, Some(policy)).unwrap();
    // The reference of one person among all.
    let body = json!({"subject_ref": "a-person-of-the-caller"});
    let [first, second] = [0, 1].map(|n| fleet.clients[n].clone());
    for client in [&first, &second] {
        let before = windows(&fleet);
        while windows(&fleet) == before {
            assert_eq!(client.create(&body).await.status, 200);
        }
    }
    let counted_before = windows(&fleet)[0].1;
    let creating = (0..200).map(|_| {
        let request = first.request(Method::POST, "/v1/liveness/session");
        tokio::spawn(Client::try_send(request.json(&body)))
    });
    let creating: Vec<_> = creating.collect();
    tokio::time::sleep(Duration::from_millis(30)).await;
    fleet.replicas[0].kill();
    let mut created = 0;
    for sent in creating {
        if let Sent::Answered(answer) = sent.await.unwrap() {
            created += usize::from(answer.status == 200);
        }
    }
    let windows = windows(&fleet);
    let [(name, counted)] = &windows[..] else {
        panic!("{windows:?}");
    };
    assert!(*counted >= counted_before + created, "{counted} {created}");
    assert!(!name.contains("a-person"), "{name}");
}
