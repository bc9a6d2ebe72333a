//! Frames of one session that arrive at once, on one replica and on several.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::{join, join_all};
use livegate_api::config::ServerConfig;
use livegate_liveness::challenge::Angles;
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::session::{Session, Step, Task};
use livegate_liveness::thresholds::Thresholds;
use livegate_tests::app::{App, Options, spawn_app};
use livegate_tests::client::{Answer, Client};
use livegate_tests::scripted::{Scene, png};
use serde_json::json;

use crate::api::replicas::Shared;

async fn at_once(clients: &[&Client], id: &str, scenes: &[Scene]) -> Vec<Answer> {
    let pictures: Vec<Vec<u8>> = scenes.iter().map(png).collect();
    let frames = pictures.iter().zip(clients.iter().cycle());
    let answers = join_all(frames.map(|(picture, client)| client.frame(id, picture))).await;
    answers
        .iter()
        .for_each(|a| assert_eq!(a.status, 200, "{}", a.body));
    answers
}

/// Sends bursts of frames, then finishes the session: every frame must be in its record, once.
async fn none_is_lost_and_none_counts_twice(clients: &[&Client]) -> String {
    let created = clients[0]
        .interactive("challenges=SMILE&timeout_seconds=60")
        .await;
    let id = created.body["session_id"].as_str().unwrap();
    at_once(clients, id, &[Scene::default(); 30]).await;
    let last = clients[0].play(id, &[Scene::smiling()]).await;
    assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
    id.to_owned()
}

fn frames_of(records: &[serde_json::Value], id: &str) -> Vec<u64> {
    let of_id = records.iter().filter(|r| r["session_id"] == *id);
    of_id.map(|r| r["frames"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn on_one_replica_none_is_lost_and_none_counts_twice() {
    let app = spawn_app().await;
    let id = none_is_lost_and_none_counts_twice(&[&app.client]).await;
    assert_eq!(frames_of(&app.stop().await, &id), [31]);
}

#[tokio::test]
async fn on_two_replicas_none_is_lost_and_none_counts_twice() {
    let shared = Shared::new();
    let first = shared.first(Options::default()).await;
    let second = shared.another(&first, Options::default()).await;
    let _worker = shared.worker();
    let id = none_is_lost_and_none_counts_twice(&[&first.client, &second.client]).await;
    let records = [first.stop().await, second.stop().await].concat();
    assert_eq!(frames_of(&records, &id), [31]);
}

#[tokio::test]
async fn one_of_many_frames_that_pass_at_once_passes() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("SMILE,OPEN_MOUTH").await;
    app.client.play(&id, &[Scene::default()]).await;
    let answers = at_once(&[&app.client], &id, &[Scene::smiling(); 12]).await;
    let passes = answers
        .iter()
        .filter(|a| a.body["passed"] == json!(true))
        .count();
    assert_eq!(passes, 1);
    let status = app.client.interactive_status(&id).await;
    assert_eq!(status.body["challenges_remaining"], json!(1));
}

#[tokio::test]
async fn a_frame_that_arrived_in_time_counts_however_the_id_is_written_and_whoever_reads_meanwhile()
{
    let shared = Shared::new();
    let ttl = Duration::from_secs(1);
    let app = shared
        .first(Options {
            server: ServerConfig {
                session_ttl: ttl,
                ..ServerConfig::default()
            },
            ..Options::default()
        })
        .await;
    let id = app.client.interactive_session("SMILE").await;
    let expired = tokio::time::Instant::now() + ttl + Duration::from_millis(50);
    let (capitals, neutral) = (id.to_uppercase(), png(&Scene::default()));
    let read_when_expired = async {
        tokio::time::sleep_until(expired).await;
        // Nothing measures the frame before this worker, which is ready after the read has begun.
        let worker = shared.worker();
        (app.client.interactive_status(&id).await, worker)
    };
    let (frame, (read, _worker)) =
        join(app.client.frame(&capitals, &neutral), read_when_expired).await;
    assert_eq!(
        (&frame.body["state"], &read.body["state"]),
        (&json!("in_progress"), &json!("in_progress")),
        "{} {}",
        frame.body,
        read.body
    );
}

/// Whether the session that the API shows is one that some order of the frames leads to.
#[tokio::test]
async fn an_interleaving_ends_where_some_order_of_its_frames_does() {
    let app = spawn_app().await;
    let scenes = [
        Scene::default(),
        Scene::turned(-14.0),
        Scene::turned(-30.0),
        Scene::smiling(),
        Scene {
            faces: 2,
            ..Scene::default()
        },
    ];
    let possible = outcomes(&[Task::TurnLeft, Task::Smile], &scenes);
    for _ in 0..15 {
        let id = app.client.interactive_session("TURN_LEFT,SMILE").await;
        let answers = at_once(&[&app.client], &id, &scenes).await;
        let passed = |a: &Answer| a.body["passed"] == json!(true);
        let outcome = (
            answers.iter().map(passed).collect(),
            remaining(&app, &id).await,
        );
        assert!(
            possible.contains(&outcome),
            "{outcome:?} is not in {possible:?}"
        );
    }
}

async fn remaining(app: &App, id: &str) -> usize {
    let status = app.client.interactive_status(id).await;
    status.body["challenges_remaining"].as_u64().unwrap() as usize
}

/// What the frames can come to: which of them pass a task, and how many tasks are left.
type Outcome = (Vec<bool>, usize);

/// The outcomes of all orders.
fn outcomes(tasks: &[Task], scenes: &[Scene]) -> HashSet<Outcome> {
    let t = Thresholds::default();
    let measured: Vec<FrameMeasurement> = scenes.iter().map(Scene::seen).collect();
    let mut outcomes = HashSet::new();
    for order in permutations(scenes.len()) {
        let mut session = Session::new(tasks.to_vec(), 5_000, Angles::default(), 10_000);
        let mut passed = vec![false; scenes.len()];
        for i in order {
            session = match session.advance(&measured[i], 0, &t) {
                Step::Taken(session, report) => {
                    passed[i] = report.passed;
                    session
                }
                Step::NeedsWhole => panic!("a whole look is as close as it gets"),
            };
        }
        outcomes.insert((passed, session.remaining()));
    }
    // Far fewer than the 2^5 * 3 that there are to say.
    assert!((2..12).contains(&outcomes.len()), "{outcomes:?}");
    outcomes
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(n - 1);
    let insert = |p: &Vec<usize>| -> Vec<Vec<usize>> {
        (0..n)
            .map(|at| {
                let mut p = p.clone();
                p.insert(at, n - 1);
                p
            })
            .collect()
    };
    shorter.iter().flat_map(insert).collect()
}
