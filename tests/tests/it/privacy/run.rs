//! A run with all that can go wrong, and the search through what it leaves.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use lapin::options::{
    BasicGetOptions, BasicNackOptions, BasicPublishOptions, ConfirmSelectOptions,
};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use livegate_common::broker::Queue;
use livegate_common::job::Look;
use livegate_models::ModelSet;
use livegate_tests::client::{Answer, Capture, Client, base64};
use livegate_tests::fleet::{Fleet, Plan, Processes, RECOVERY, SCRIPTED, SEAL_KEY};
use livegate_tests::media::{jpeg, models, portrait_frame};
use livegate_tests::scripted::Act;
use livegate_tests::servers::{RabbitMq, Redis};
use reqwest::Method;
use serde_json::{Value, json};

use super::needles::Needles;
use super::places::{assert_found_in, files, found};
use crate::surviving::Underway;
use crate::watching::collector::Collector;

/// Follows the run through every log and trace, and is planted in broker and store: what must be found.
const MARK: &str = "mark-8c1f04ab9d2e7753-control";

/// The frames that are sent to the models.
fn portraits() -> [Vec<u8>; 2] {
    [(700, 0), (620, 60)].map(|(size, dx)| jpeg(&portrait_frame(size, dx)))
}

fn capture(frames: &[Vec<u8>], count: usize) -> Capture {
    let tag = |n| if n < count / 2 { "center" } else { "turn_left" };
    let frame = |n: usize| (tag(n).to_owned(), frames[n % frames.len()].clone());
    Capture((0..count).map(frame).collect())
}

/// A capture for the scripted analyzer, one frame of which does this to its worker.
fn doing(act: Act) -> Capture {
    Capture::left_right(|n, scene| {
        scene.picture = fastrand::u64(1..);
        if n == 3 {
            scene.act = act;
        }
    })
}

/// Pixels, and embeddings as the worker's own models make them of these frames.
fn add_what_is_seen(needles: &mut Needles, frames: &[Vec<u8>]) {
    let models = ModelSet::load(&models(), None).unwrap();
    let mut analyzer = (livegate_worker::onnx::factory(models).unwrap())().unwrap();
    for frame in frames {
        let frame = livegate_media::decode(frame).unwrap();
        let seen = analyzer.analyze(&frame, Look::Whole).unwrap();
        let embedding = seen.face.unwrap().embedding.unwrap();
        needles.add_embedding("embedding", embedding.as_slice());
        // The middle rows, which are of the face.
        let row = frame.width as usize * 3;
        let rows = 300 * row..360 * row;
        needles.add_medium("pixels", &frame.pixels[rows]);
    }
}

/// Sends a request that the mark follows.
async fn marked(client: &Client, path: &str, body: String) -> Answer {
    let request = client.request(Method::POST, path);
    let request = request.header("x-request-id", MARK);
    Client::send(
        request
            .header("content-type", "application/json")
            .body(body),
    )
    .await
}

async fn verify_marked(client: &Client, capture: &Capture) -> Answer {
    let session = client.session(&["turn_left", "turn_right"]).await;
    marked(
        client,
        "/v1/liveness/verify",
        capture.body(&session).to_string(),
    )
    .await
}

/// A reference as a picture and as an embedding, in both APIs, and a picture that is refused.
async fn send_references(client: &Client, frames: &[Vec<u8>]) {
    let session = client.session(&["turn_left", "turn_right"]).await;
    let picture = json!({"reference_image_b64": base64(&frames[0])});
    let empty = json!({"reference_image_b64": base64(&jpeg(&image::RgbImage::new(640, 480)))});
    let with = |reference: &Value| {
        let mut body = capture(frames, 8).body(&session);
        let more = reference.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        body.to_string()
    };
    let refused = marked(client, "/v1/liveness/verify", with(&empty)).await;
    refused.assert_error(400, "INVALID_REFERENCE");
    let answer = marked(client, "/v1/liveness/verify", with(&picture)).await;
    let score = &answer.body["reference_match"]["score"];
    assert!(score.as_f64().is_some_and(|s| s > 0.5), "{score}");
    let embedding = embedding_of(&frames[1]);
    let embedding = json!({ "reference_embedding": embedding });
    for reference in [picture, embedding, empty] {
        let path = "/api/v1/liveness/sessions?challenges=SMILE";
        marked(client, path, reference.to_string()).await;
    }
}

/// The embedding of a frame's face, as the worker's own models make it.
fn embedding_of(frame: &[u8]) -> Vec<f32> {
    let models = ModelSet::load(&models(), None).unwrap();
    let mut analyzer = (livegate_worker::onnx::factory(models).unwrap())().unwrap();
    let frame = livegate_media::decode(frame).unwrap();
    let seen = analyzer.analyze(&frame, Look::Whole).unwrap();
    seen.face.unwrap().embedding.unwrap().as_slice().to_vec()
}

/// What callers get wrong, with media in the wrong place: nothing may be repeated.
async fn send_what_is_wrong(client: &Client, frame: &[u8]) {
    let session = client.session(&["turn_left", "turn_right"]).await;
    let picture = base64(frame);
    let cut_off = format!(r#"{{"session_id": "{session}", "frames": ["{picture}"#);
    let wrong_type = json!({"session_id": session, "mode": "images", "frames": picture});
    let wrong_place = json!({"session_id": picture, "mode": picture, "frames": [picture]});
    let no_base64 =
        json!({"session_id": session, "mode": "video", "video_b64": format!("{picture}!")});
    for body in [
        cut_off,
        wrong_type.to_string(),
        wrong_place.to_string(),
        no_base64.to_string(),
    ] {
        let answer = marked(client, "/v1/liveness/verify", body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    let truncated = Capture(vec![
        ("center".to_owned(), frame[..frame.len() / 2].to_vec());
        8
    ]);
    let answer = client.verify(&session, &truncated).await;
    answer.assert_rejected(&["invalid_input"]);
}

async fn channel(fleet: &Fleet) -> (Connection, Channel) {
    let url = fleet.rabbitmq.url();
    let connection = Connection::connect(&url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// The body of the first message that waits, which stays.
async fn peek(fleet: &Fleet) -> Vec<u8> {
    let (_connection, channel) = channel(fleet).await;
    let queue = Queue::Verify.name();
    let message = channel
        .basic_get(queue.into(), BasicGetOptions::default())
        .await;
    let message = message.unwrap().expect("a message waits");
    let back = BasicNackOptions {
        requeue: true,
        ..Default::default()
    };
    message.acker.nack(back).await.unwrap();
    message.data.clone()
}

/// Plants this text in broker and store, and waits until the search finds it in the broker's files: later
/// the broker may drop it.
async fn plant(fleet: &Fleet, text: &str) {
    // As large as what the broker keeps outside of its index, and to be kept on disk.
    let body = format!("{text} ").repeat(1000);
    let properties = BasicProperties::default().with_delivery_mode(2);
    let (_connection, channel) = channel(fleet).await;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .unwrap();
    let queue = Queue::Verify.name().into();
    let options = BasicPublishOptions::default();
    let sent = channel.basic_publish("".into(), queue, options, body.as_bytes(), properties);
    assert!(sent.await.unwrap().await.unwrap().is_ack());
    assert_eq!(
        fleet.redis.command(&format!("SET planted {text}")).unwrap(),
        "+OK"
    );
    let mut planted = Needles::default();
    planted.add_secret("planted", text);
    until_on_disk(fleet, &planted).await;
}

/// Waits until the broker has written this to its disk.
async fn until_on_disk(fleet: &Fleet, needles: &Needles) {
    let began = Instant::now();
    while found(needles, &[fleet.rabbitmq.folder()]).is_empty() {
        assert!(began.elapsed() < RECOVERY, "the broker writes nothing");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn no_run_of_a_frame_an_embedding_or_a_key_is_left_after_failures_and_kills() {
    let (collector, address) = Collector::start().await;
    let rabbitmq = tokio::task::spawn_blocking(RabbitMq::start_lazy)
        .await
        .unwrap();
    #[rustfmt::skip]
    let redis = Redis::start_with([
        "redis-server", "--appendonly", "yes", "--appendfsync", "always", "--save", "1 1",
    ].map(str::to_owned).to_vec());
    let mut fleet = Fleet::on(
        rabbitmq,
        redis,
        Plan {
            workers: 1,
            worker: "livegate-worker",
            verify_seconds: 60,
            variables: vec![
                ("LIVEGATE_LOG", "debug".to_owned()),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}")),
                ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
                ("NO_PROXY", "127.0.0.1".to_owned()),
            ],
            ..Plan::default()
        },
    )
    .await;
    let [first, second] = [0, 1].map(|n| fleet.clients[n].clone());

    let frames = portraits();
    let (poison, panicking) = (doing(Act::Abort), doing(Act::Panic));
    let mut needles = Needles::default();
    for frame in &frames {
        needles.add_medium("frame", frame);
    }
    for (_, frame) in poison.0.iter().chain(&panicking.0) {
        needles.add_medium("frame", frame);
    }
    tokio::task::block_in_place(|| add_what_is_seen(&mut needles, &frames));
    needles.add_secret("seal key", SEAL_KEY);
    let seal_key = base64_simd::STANDARD.decode_to_vec(SEAL_KEY).unwrap();
    needles.add_medium("seal key", &seal_key);
    needles.add_secret("API key", &fleet.key.secret);

    // What goes well, as far as it goes.
    let answer = verify_marked(&first, &capture(&frames, 8)).await;
    assert_eq!(answer.body["frames_analyzed"], 8, "{}", answer.body);
    let created = first.interactive("challenges=SMILE").await;
    let live = created.body["session_id"].as_str().unwrap().to_owned();
    let token = created.body["client_token"].as_str().unwrap();
    needles.add_secret("client token", token);
    for frame in &frames {
        let answer = second.with_token(token).frame(&live, frame).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    send_references(&first, &frames).await;
    send_what_is_wrong(&first, &frames[0]).await;

    // A worker killed with a job in its hands: what it had waits, on the broker's disk.
    let underway = Underway::start(&first, capture(&frames, 20)).await;
    // A second one, of another replica: each sends a few messages ahead, and the broker writes whole megabytes.
    let _another = Underway::start(&second, capture(&frames, 20)).await;
    fleet.workers[0].kill();
    let message = peek(&fleet).await;
    assert!(message.len() > frames[1].len(), "frames are in it");
    assert!(needles.found_in(&message).is_empty(), "sealed");
    let mut waiting = Needles::default();
    waiting.add_medium("message", &message);
    until_on_disk(&fleet, &waiting).await;
    plant(&fleet, MARK).await;
    let everywhere = |fleet: &Fleet| {
        let folders = [
            fleet.folder(),
            fleet.rabbitmq.folder(),
            fleet.redis.folder(),
        ];
        folders.map(Path::to_path_buf)
    };
    let look = |needles: &Needles, fleet: &Fleet| {
        let folders = everywhere(fleet);
        found(needles, &folders.each_ref().map(|folder| folder.as_path()))
    };
    let left = look(&needles, &fleet);
    assert!(left.is_empty(), "{left:#?}");

    // Broker and store die while all of that lies there; a replica with a request in its hands.
    fleet.rabbitmq.stop();
    fleet.redis.stop();
    fleet.redis.start_again();
    tokio::task::block_in_place(|| fleet.rabbitmq.start_again());
    fleet.workers[0].start_again();
    let answer = underway.answer.await.unwrap();
    assert!(matches!(answer.status, 200 | 502), "{}", answer.body);
    fleet.recovered(Instant::now(), 2 * RECOVERY).await;
    let lost = second.session(&["turn_left", "turn_right"]).await;
    let request = second.request(Method::POST, "/v1/liveness/verify");
    let request = request.json(&capture(&frames, 20).body(&lost));
    let lost_request = tokio::spawn(Client::try_send(request));
    while first.status(&lost).await.body["state"] == "pending" {
        tokio::task::yield_now().await;
    }
    fleet.replicas[1].kill();
    drop(lost_request.await);
    fleet.replicas[1].start_again();

    // A capture that no worker survives, and one that no analyzer does.
    fleet.workers[0].terminate();
    assert!(fleet.workers[0].ended().await.success());
    fleet.add_worker_of(SCRIPTED);
    fleet.recovered(Instant::now(), 2 * RECOVERY).await;
    let answer = verify_marked(&first, &panicking).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    let deadly = tokio::spawn(async move { verify_marked(&first, &poison).await });
    while !deadly.is_finished() {
        if fleet.workers[1].has_ended().is_some() {
            fleet.workers[1].start_again();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    deadly.await.unwrap().assert_error(502, "PROCESSING_ERROR");

    // The end, with all that is written at the end.
    let Processes {
        replicas, workers, ..
    } = &mut fleet.processes;
    for process in replicas.iter_mut().chain(&mut workers[1..]) {
        process.terminate();
        assert!(process.ended().await.success());
    }
    fs::write(fleet.folder().join("traces"), collector.bytes()).unwrap();
    plant(&fleet, &format!("{MARK}-at-the-end")).await;
    fleet.redis.stop();
    // As long as the broker has what was planted, and when it has written its last.
    let left = look(&needles, &fleet);
    assert!(left.is_empty(), "{left:#?}");
    fleet.rabbitmq.stop();
    let left = look(&needles, &fleet);
    assert!(left.is_empty(), "{left:#?}");

    // The search would have found it: the mark went the same ways.
    let mut mark = Needles::default();
    mark.add_secret("mark", MARK);
    let there = look(&mark, &fleet);
    assert_found_in(&there, &["appendonlydir", "dump.rdb", "traces"]);
    assert_found_in(
        &there,
        &[
            "api-0/stderr",
            "worker-0/stderr",
            "worker-1/stderr",
            "audit.jsonl",
        ],
    );
    // And in the places where nothing is, it would have found a frame, however written.
    let all = files(&everywhere(&fleet).each_ref().map(|folder| folder.as_path()));
    for name in ["work", "home", "tmp"] {
        for process in ["api-0", "worker-0"] {
            let folder = fleet.folder().join(process).join(name);
            assert!(
                !all.keys().any(|path| path.starts_with(&folder)),
                "{name} of {process}"
            );
            fs::write(folder.join("planted"), base64(&frames[0])).unwrap();
        }
    }
    let planted = look(&needles, &fleet);
    assert_eq!(planted.len(), 6, "{planted:#?}");
}
