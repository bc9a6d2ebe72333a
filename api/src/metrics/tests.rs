use prometheus_client::encoding::text::encode;

use super::*;

fn text(metrics: &Metrics) -> String {
    let (mut registry, mut text) = (Registry::default(), String::new());
    metrics.register(&mut registry);
    encode(&mut text, &registry).unwrap();
    text
}

fn refused<'a>(key: &'a Arc<str>, refusal: &'a Refusal, method: &'a Method) -> Answered<'a> {
    Answered {
        route: None,
        method,
        status: 429,
        took: Duration::ZERO,
        refusal: Some(refusal),
        key: Some(key),
        is_test: false,
    }
}

#[test]
fn what_callers_choose_makes_no_series_without_end() {
    let metrics = Metrics::default();
    let refusal = Refusal {
        code: Code::RateLimit,
        limit: Some("key_rate"),
    };
    for n in 0..MOST_KEYS + 50 {
        let key = Arc::from(format!("key_{n}"));
        let method = Method::from_bytes(format!("M{n}").as_bytes()).unwrap();
        metrics.answered(&refused(&key, &refusal, &method));
    }
    // A key that was known before still has its own series.
    let key = Arc::from("key_0");
    metrics.answered(&refused(&key, &refusal, &Method::GET));
    let text = text(&metrics);
    let of = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(of("livegate_key_refusals_total"), MOST_KEYS + 1);
    assert_eq!(of("livegate_http_requests_total"), 2);
    for line in [
        r#"livegate_key_refusals_total{key="key_0",code="RATE_LIMIT"} 2"#,
        r#"livegate_key_refusals_total{key="other",code="RATE_LIMIT"} 50"#,
        r#"livegate_http_requests_total{route="unmatched",method="other",status="429"} 1050"#,
        r#"livegate_limited_total{limit="key_rate"} 1051"#,
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}
