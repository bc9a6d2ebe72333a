//! One request, followed through every process that works for it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use super::collector::{Collector, Span};
use super::logs::capture;
use super::process::Service;

/// The trace and the span that the caller says its request is part of.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// Kinds of spans (OpenTelemetry's numbers).
const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

/// All that a span may say of itself.
const ATTRIBUTES: [&str; 7] = [
    "batch.id",
    "batch.number",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "request.caller_id",
    "request.id",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn children<'a>(spans: &'a [Span], of: &Span) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.parent == of.id).collect()
}

fn names<'a>(spans: &[&'a Span]) -> BTreeSet<&'a str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn a_trace_goes_from_the_caller_through_the_queue_to_each_model_and_back() {
    let (collector, address) = Collector::start().await;
    let mut service = Service::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}")),
        ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
    ])
    .await;
    let mut worker = service.worker().await;
    let session = service.client.session(&["turn_left", "turn_right"]).await;
    let capture = capture();
    let request = service.client.request(Method::POST, "/v1/liveness/verify");
    let request = request
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .header("x-request-id", "followed-1");
    let answer = request.json(&capture.body(&session)).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["frames_analyzed"], 8, "{answer}");
    // What has ended is sent by then.
    worker.stop().await;
    service.api.stop().await;

    let all = collector
        .until(|spans| !named(spans, "POST /v1/liveness/verify").is_empty())
        .await;
    let spans: Vec<Span> = all
        .iter()
        .filter(|s| hex(&s.trace) == TRACE)
        .cloned()
        .collect();
    // Of the caller's span, one request: the session's was another trace.
    let roots = named(&spans, "POST /v1/liveness/verify");
    let [root] = roots[..] else {
        panic!("{spans:#?}")
    };
    assert_eq!(hex(&root.parent), CALLER);
    assert_eq!((root.service.as_str(), root.kind), ("livegate-api", SERVER));
    assert_eq!(root.attributes["request.caller_id"], "followed-1");
    let ours = &root.attributes["request.id"];
    assert_eq!(ours.len(), 36, "{ours}");
    assert!(named(&spans, "POST /v1/liveness/session").is_empty());

    // In the API: its stages, and one span for each batch on its way.
    let below = children(&spans, root);
    let stages = ["answer", "decide", "parse", "seal", "send livegate.verify"];
    assert_eq!(names(&below), BTreeSet::from(stages));
    let sent = named(&spans, "send livegate.verify");
    // Batches of four frames: the worker has one thread.
    assert_eq!(sent.len(), 2);
    for sent in sent {
        assert_eq!(
            (sent.service.as_str(), sent.kind),
            ("livegate-api", PRODUCER)
        );
        // At the other end of the queue: the worker.
        let [processed] = children(&spans, sent)[..] else {
            panic!("{spans:#?}")
        };
        assert_eq!(processed.name, "process livegate.verify");
        assert_eq!(
            (processed.service.as_str(), processed.kind),
            ("livegate-worker", CONSUMER)
        );
        assert_eq!(processed.attributes["request.caller_id"], "followed-1");
        assert_eq!(&processed.attributes["request.id"], ours);
        let stages = children(&spans, processed);
        let every = [
            "anti_spoof",
            "cues",
            "decode",
            "detect",
            "embed",
            "expression",
            "landmarks",
            "open",
            "store",
        ];
        assert_eq!(names(&stages), BTreeSet::from(every));
        let times = |name: &str| stages.iter().filter(|s| s.name == name).count();
        assert_eq!(
            ["decode", "embed", "cues"].map(times),
            [4; 3],
            "one a frame"
        );
        let in_step = ["detect", "landmarks", "expression", "anti_spoof"];
        assert_eq!(in_step.map(times), [1; 4], "one for all frames");
        // Each model within its stage, as often as there are frames in it.
        for stage in stages {
            assert_eq!(
                (stage.service.as_str(), stage.kind),
                ("livegate-worker", INTERNAL)
            );
            let models = children(&spans, stage).len();
            match stage.name.as_str() {
                "embed" => assert_eq!(models, 1, "{stage:?}"),
                stage if in_step.contains(&stage) => assert_eq!(models, 4, "{stage}"),
                _ => assert_eq!(models, 0, "{stage:?}"),
            }
            assert!(processed.began <= stage.began && stage.ended <= processed.ended);
        }
        // And back: the batch is over for the API when it has what the worker stored.
        let store = children(&spans, processed)
            .into_iter()
            .find(|s| s.name == "store")
            .unwrap();
        assert!(sent.began <= processed.began && store.began <= sent.ended);
        assert!(sent.ended <= root.ended);
    }
    // Everything in the trace hangs together.
    let ids: BTreeSet<&[u8]> = spans.iter().map(|s| s.id.as_slice()).collect();
    for span in spans.iter().filter(|s| s.id != root.id) {
        assert!(ids.contains(span.parent.as_slice()), "{span:?}");
    }

    says_nothing_else(
        &all,
        &collector.bytes(),
        &service,
        &session,
        &capture.0[0].1,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_complained_of_and_costs_no_request() {
    // Nobody listens on port 1.
    let mut service = Service::start(&[
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://127.0.0.1:1".to_owned(),
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
    ])
    .await;
    service.client.session(&["turn_left", "turn_right"]).await;
    let complains = |line: &str| {
        line.contains("BatchSpanProcessor.ExportError")
            .then_some(())
    };
    service.api.until(complains).await;
    service.client.session(&["turn_left", "turn_right"]).await;
    service.api.stop().await;
}

/// Nothing of a person, nothing that opens anything, no log line.
fn says_nothing_else(spans: &[Span], sent: &[u8], service: &Service, session: &str, image: &[u8]) {
    for span in spans {
        assert_eq!(span.events, 0, "{span:?}");
        for name in span.attributes.keys() {
            assert!(ATTRIBUTES.contains(&name.as_str()), "{name} in {span:?}");
        }
    }
    let holds = |part: &[u8]| sent.windows(part.len()).any(|w| w == part);
    assert!(holds(b"followed-1"), "this finds what is there");
    for secret in [
        service.key.secret.as_bytes(),
        b"tsk_",
        session.as_bytes(),
        &image[..16],
    ] {
        assert!(!holds(secret), "{}", String::from_utf8_lossy(secret));
    }
}
