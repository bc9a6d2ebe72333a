//! What is counted, where it is read, and by whom.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use livegate_api::config::ServerConfig;
use livegate_api::keys::create::NewKey;
use livegate_common::broker::{Consumer, MemoryBroker, Publisher, Queue};
use livegate_common::id::{BatchId, JobId, ReplicaId, RequestId};
use livegate_common::job::{Batch, BatchHeader, EncodedFrame, Look, encode_batch, now_ms};
use livegate_common::results::MemoryResults;
use livegate_common::seal::SealKey;
use livegate_common::shutdown::Shutdown;
use livegate_tests::app::{App, Options, spawn, spawn_app, spawn_with_key};
use livegate_tests::client::Capture;
use livegate_tests::scrape::Scrape;
use livegate_tests::scripted::{self, Act, Scene, png};
use livegate_worker::AnalyzerPool;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;

/// Scrapes until a sample has this value: some are counted beside the answer, not before it.
async fn until(app: &App, sample: &str, value: f64) -> Scrape {
    until_is(app, sample, |found| found == value).await
}

/// Scrapes until a sample has a value such as this.
async fn until_is(app: &App, sample: &str, wanted: impl Fn(f64) -> bool) -> Scrape {
    tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let scrape = Scrape::of(app.metrics).await;
            if wanted(scrape.value(sample)) {
                return scrape;
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{sample} never came to its value"))
}

#[tokio::test]
async fn requests_verdicts_and_errors_are_counted_by_route_reason_and_code() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    app.client.verify(&session, &Capture::good()).await;
    let again = app.client.verify(&session, &Capture::good()).await;
    again.assert_error(409, "SESSION_USED");
    let spoofed = Capture::left_right(|_, scene| scene.bona_fide = 0.01);
    let answer = app.client.verify_new(&spoofed).await;
    answer.assert_rejected(&["spoof_detected"]);
    let live = app.client.interactive_session("BLINK").await;
    app.client.play(&live, &Scene::doing("BLINK")).await;
    let cancelled = app.client.interactive_session("BLINK").await;
    app.client.cancel(&cancelled).await;
    app.client.get("/v1/nothing/like/that").await;
    app.client.without_key().create(&json!({})).await;
    let scrape = Scrape::of(app.metrics).await;
    let (verify, key) = ("/v1/liveness/verify", &app.key.id);
    for (sample, value) in [
        (format!(r#"livegate_http_requests_total{{route="{verify}",method="POST",status="200"}}"#), 2.0),
        (format!(r#"livegate_http_requests_total{{route="{verify}",method="POST",status="409"}}"#), 1.0),
        (r#"livegate_http_requests_total{route="/api/v1/liveness/sessions/{id}/frame",method="POST",status="200"}"#.into(), 3.0),
        (r#"livegate_http_requests_total{route="unmatched",method="GET",status="404"}"#.into(), 1.0),
        (format!(r#"livegate_http_request_duration_seconds_count{{route="{verify}",method="POST"}}"#), 3.0),
        (r#"livegate_errors_total{code="SESSION_USED"}"#.into(), 1.0),
        (r#"livegate_errors_total{code="NOT_FOUND"}"#.into(), 1.0),
        (r#"livegate_errors_total{code="UNAUTHORIZED"}"#.into(), 1.0),
        (r#"livegate_errors_total{code="PROCESSING_ERROR"}"#.into(), 0.0),
        (format!(r#"livegate_key_refusals_total{{key="{key}",code="SESSION_USED"}}"#), 1.0),
        (r#"livegate_sessions_created_total{api="server_to_server"}"#.into(), 2.0),
        (r#"livegate_sessions_created_total{api="interactive"}"#.into(), 2.0),
        (r#"livegate_sessions_ended_total{mode="images",verdict="verified"}"#.into(), 1.0),
        (r#"livegate_sessions_ended_total{mode="images",verdict="rejected"}"#.into(), 1.0),
        (r#"livegate_sessions_ended_total{mode="interactive",verdict="verified"}"#.into(), 1.0),
        (r#"livegate_sessions_ended_total{mode="interactive",verdict="cancelled"}"#.into(), 1.0),
        (r#"livegate_verdict_reasons_total{mode="images",reason="spoof_detected"}"#.into(), 1.0),
        (r#"livegate_verdict_reasons_total{mode="images",reason="liveness_passed"}"#.into(), 1.0),
        ("livegate_broker_connected".into(), 1.0),
        ("livegate_store_reachable".into(), 1.0),
        ("livegate_workers".into(), 1.0),
    ] {
        assert_eq!(scrape.value(&sample), value, "{sample}");
    }
    for secret in [&app.key.secret, &session, &live] {
        assert!(
            !scrape.0.contains(secret.as_str()),
            "{secret} in\n{}",
            scrape.0
        );
    }
}

#[tokio::test]
async fn every_stage_of_a_verify_is_timed() {
    let app = spawn_app().await;
    let answer = app.client.verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    // Two batches of four frames, for two threads; the last is acknowledged after its outcome was taken.
    let done = r#"livegate_worker_batches_ended_total{queue="livegate.verify",result="done"}"#;
    let scrape = until(&app, done, 2.0).await;
    for (stage, times) in [
        ("parse", 1.0),
        ("turn", 2.0),
        ("seal", 2.0),
        ("publish", 2.0),
        ("wait", 1.0),
        ("decide", 1.0),
        ("answer", 1.0),
    ] {
        let sample = format!("livegate_stage_duration_seconds_count{{stage=\"{stage}\"}}");
        assert_eq!(scrape.value(&sample), times, "{sample}");
    }
    for (stage, times) in [
        ("queue", 2.0),
        ("open", 2.0),
        ("thread", 2.0),
        ("decode", 8.0),
        ("store", 2.0),
    ] {
        let sample = format!("livegate_worker_stage_duration_seconds_count{{stage=\"{stage}\"}}");
        assert_eq!(scrape.value(&sample), times, "{sample}");
    }
    assert_eq!(scrape.value("livegate_worker_threads"), 2.0);
    assert!(scrape.value("livegate_worker_busy_seconds_total") > 0.0);
    let frames = r#"livegate_worker_frames_total{look="whole",result="measured"}"#;
    assert_eq!(scrape.value(frames), 8.0);
}

#[tokio::test]
async fn each_limit_that_refuses_is_named_and_so_is_the_key() {
    let key = NewKey {
        requests_per_minute: 1,
        ..NewKey::named("slow")
    };
    let app = spawn_with_key(key).await;
    app.client.create(&json!({})).await;
    let refused = app.client.create(&json!({})).await;
    refused.assert_error(429, "RATE_LIMIT");
    let scrape = Scrape::of(app.metrics).await;
    let refusals = r#"livegate_key_refusals_total{key=""#.to_owned() + &app.key.id;
    assert_eq!(scrape.value(&(refusals + r#"",code="RATE_LIMIT"}"#)), 1.0);
    assert_eq!(
        scrape.value(r#"livegate_limited_total{limit="key_rate"}"#),
        1.0
    );
    assert_eq!(
        scrape.value(r#"livegate_limited_total{limit="server_time"}"#),
        0.0
    );
}

#[tokio::test]
async fn work_is_ahead_for_as_long_as_nobody_has_done_it() {
    let app = spawn(Options {
        workers: 0,
        server: ServerConfig {
            verify_timeout: Duration::from_secs(1),
            ..ServerConfig::default()
        },
        ..Options::default()
    })
    .await;
    let ahead = r#"livegate_work_ahead_seconds{work="verify"}"#;
    let client = app.client.clone();
    let verifying = tokio::spawn(async move { client.verify_new(&Capture::good()).await });
    let scrape = until_is(&app, ahead, |ahead| ahead > 0.0).await;
    assert_eq!(scrape.value("livegate_inference_threads"), 1.0);
    assert_eq!(scrape.value("livegate_workers"), 0.0);
    verifying
        .await
        .unwrap()
        .assert_error(502, "PROCESSING_ERROR");
    let scrape = until(&app, ahead, 0.0).await;
    // A wait that came to nothing is a wait.
    assert_eq!(
        scrape.value(r#"livegate_stage_duration_seconds_count{stage="wait"}"#),
        1.0
    );
    assert_eq!(
        scrape.value(r#"livegate_sessions_ended_total{mode="images",verdict="failed"}"#),
        1.0
    );
}

#[tokio::test]
async fn strangers_find_no_metrics_on_the_public_port_and_by_default_none_at_all() {
    let app = spawn_app().await;
    app.client
        .get("/metrics")
        .await
        .assert_error(404, "NOT_FOUND");
    assert_eq!(ServerConfig::default().metrics_listen, None);
}

#[tokio::test]
async fn what_becomes_of_a_batch_in_a_worker_is_counted() {
    let (broker, key) = (MemoryBroker::new(), SealKey::random().unwrap());
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, scripted::factory()).unwrap();
    let mut registry = Registry::default();
    pool.metrics().register(&mut registry);
    let publish = async |message| {
        let long = Duration::from_secs(60);
        broker.publish(Queue::Verify, message, long).await.unwrap();
    };
    // One that another worker took, and did not acknowledge.
    publish(message(Act::Measure, 60_000, &key)).await;
    drop(broker.consumer(&Queue::ALL, 1).next().await.unwrap());
    publish(message(Act::Fail, 60_000, &key)).await;
    publish(message(Act::Panic, 60_000, &key)).await;
    publish(message(Act::Measure, 0, &key)).await;
    publish(Bytes::from_static(b"no batch")).await;
    let (trigger, shutdown) = Shutdown::new();
    let consumer = Box::new(broker.consumer(&Queue::ALL, 8));
    let results = Arc::new(MemoryResults::new());
    let worker = livegate_worker::run(consumer, results, Arc::new(pool), key, shutdown);
    let worker = tokio::spawn(worker);
    let scrape = || {
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        Scrape(text)
    };
    let of =
        |name: &str| format!("livegate_worker_batches_{name}_total{{queue=\"livegate.verify\"}}");
    let ended = |result: &str| {
        let sample = "livegate_worker_batches_ended_total{queue=\"livegate.verify\",result=\"";
        scrape().value(&format!("{sample}{result}\"}}"))
    };
    let all = ["done", "failed", "expired", "unreadable"];
    tokio::time::timeout(Duration::from_secs(30), async {
        while all.map(ended).iter().sum::<f64>() < 5.0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("five batches end");
    assert_eq!(all.map(ended), [1.0, 2.0, 1.0, 1.0]);
    assert_eq!(scrape().value(&of("taken")), 5.0);
    assert_eq!(scrape().value(&of("redelivered")), 1.0);
    assert_eq!(scrape().value("livegate_worker_model_reloads_total"), 1.0);
    trigger.stop();
    worker.await.unwrap();
    assert_eq!(scrape().value("livegate_worker_batches_in_hand"), 0.0);
}

/// A batch of one frame, for which somebody waits for so long.
fn message(act: Act, wait_ms: u64, key: &SealKey) -> Bytes {
    let header = BatchHeader {
        id: BatchId {
            job: JobId::random(),
            batch: 0,
        },
        reply_to: ReplicaId::random(),
        deadline_ms: now_ms() + wait_ms,
        sent_ms: now_ms(),
        request: RequestId::fresh(),
        trace: None,
    };
    let scene = Scene {
        act,
        ..Scene::default()
    };
    let frames = vec![EncodedFrame {
        index: 0,
        image: png(&scene).into(),
    }];
    let look = Look::Whole;
    encode_batch(&header, &Batch::Frames { frames, look }, key).unwrap()
}
