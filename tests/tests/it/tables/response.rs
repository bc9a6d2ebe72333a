//! The fields of a verdict: what they hold, and that they are there only when they should be.

use std::time::Instant;

use livegate_media::Picture;
use livegate_tests::app::spawn_app;
use livegate_tests::client::Capture;
use livegate_tests::scripted::{Scene, person};
use serde_json::{Value, json};

use super::LEFT_RIGHT;

/// A verified body and two rejected ones: of an attack, and of frames that cannot be decoded.
async fn bodies() -> (Value, [Value; 2]) {
    let app = spawn_app().await;
    let verified = app.client.verify_new(&Capture::good()).await.body;
    assert_eq!(verified["verified"], json!(true), "{verified}");
    let spoof = Capture::left_right(|_, s| s.bona_fide = 0.1);
    let mut broken = Capture::good();
    broken.0[4].1.truncate(100);
    let spoof = app.client.verify_new(&spoof).await;
    spoof.assert_rejected(&["spoof_detected"]);
    let broken = app.client.verify_new(&broken).await;
    broken.assert_rejected(&["invalid_input"]);
    (verified, [spoof.body, broken.body])
}

/// The number at `field` of the verdict on somebody who is as `change` says.
async fn score(field: &str, change: impl Fn(usize, &mut Scene)) -> Option<f64> {
    let app = spawn_app().await;
    let answer = app.client.verify_new(&Capture::left_right(change)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.get(field).and_then(Value::as_f64)
}

#[tokio::test]
async fn verified() {
    let (verified, rejected) = bodies().await;
    assert_eq!(verified["verified"], json!(true));
    assert!(verified.get("rejection_details").is_none());
    for body in rejected {
        assert_eq!(body["verified"], json!(false));
        assert!(body["rejection_details"].is_object());
    }
}

#[tokio::test]
async fn confidence() {
    let high = score("confidence", |_, s| s.bona_fide = 0.99)
        .await
        .unwrap();
    let low = score("confidence", |_, s| s.bona_fide = 0.6).await.unwrap();
    assert!(
        (0.0..=1.0).contains(&low) && low < high && high <= 1.0,
        "{low} {high}"
    );
    assert_eq!(score("confidence", |_, s| s.bona_fide = 0.3).await, None);
    let (_, rejected) = bodies().await;
    assert!(rejected.iter().all(|body| body.get("confidence").is_none()));
}

#[tokio::test]
async fn anti_spoof_avg_score() {
    let field = "anti_spoof_avg_score";
    // Three of its frames face the camera, five don't; each weighs the same, by the logarithm of its odds.
    let expected = |[facing, turned]: [f64; 2]| {
        let odds = |score: f64| (score / (1.0 - score)).ln();
        let mean = (3.0 * odds(facing) + 5.0 * odds(turned)) / 8.0;
        (1e4 / (1.0 + (-mean).exp())).round() / 1e4
    };
    let mean = |[facing, turned]: [f32; 2]| {
        score(field, move |_, s| {
            s.bona_fide = if s.yaw.abs() <= 12.0 { facing } else { turned }
        })
    };
    assert_eq!(mean([0.7, 0.9]).await, Some(expected([0.7, 0.9])));
    assert_eq!(mean([1.0, 1.0]).await, Some(1.0));
    // Told of a rejection as well.
    assert_eq!(mean([0.1, 0.9]).await, Some(expected([0.1, 0.9])));
    // Nothing was measured of frames that cannot be decoded.
    let (_, [_, broken]) = bodies().await;
    assert_eq!(broken.get(field), Some(&Value::Null));
}

#[tokio::test]
async fn same_person_score() {
    let field = "same_person_score";
    assert_eq!(score(field, |_, _| {}).await, Some(1.0));
    let swapped = score(field, |i, s| s.person = u16::from(i > 4)).await;
    assert_eq!(swapped, Some(0.0));
    let (_, [spoof, broken]) = bodies().await;
    assert_eq!(spoof[field], json!(1.0));
    assert_eq!(broken.get(field), Some(&Value::Null));
}

#[tokio::test]
async fn embedding() {
    let app = spawn_app().await;
    let capture = Capture::left_right(|_, s| s.person = 7);
    let answer = app.client.verify_new(&capture).await;
    let embedding: Vec<f32> = serde_json::from_value(answer.body["embedding"].clone()).unwrap();
    assert_eq!(embedding.len(), 512);
    for (found, seen) in embedding.iter().zip(person(7).as_slice()) {
        assert!((found - seen).abs() < 1e-6, "{embedding:?}");
    }
    let (_, rejected) = bodies().await;
    assert!(rejected.iter().all(|body| body.get("embedding").is_none()));
}

#[tokio::test]
async fn best_frame_b64() {
    let app = spawn_app().await;
    // Frame 4 is the sharpest of the frontal ones; a turned one is sharper, and so are closed eyes.
    let capture = Capture::left_right(|i, s| {
        s.sharpness = [100.0, 180.0, 100.0, 300.0, 150.0, 100.0, 300.0, 100.0][i];
        s.ear = if i == 1 { 0.05 } else { s.ear };
    });
    let session = app.client.session(&LEFT_RIGHT).await;
    let answer = app.client.verify(&session, &capture).await;
    assert_eq!(answer.body["best_frame_index"], json!(4), "{}", answer.body);
    let best = answer.body["best_frame_b64"].as_str().unwrap();
    let best = base64_simd::STANDARD.decode_to_vec(best).unwrap();
    let jpeg = image::load_from_memory_with_format(&best, image::ImageFormat::Jpeg).unwrap();
    assert_eq!((jpeg.width(), jpeg.height()), (160, 160));
    for (index, (_, sent)) in capture.0.iter().enumerate() {
        let same = Picture::read(sent.clone().into())
            .unwrap()
            .into_upright_jpeg()
            .unwrap()
            == best;
        assert_eq!(same, index == 4, "frame {index}");
    }
    let (_, rejected) = bodies().await;
    for body in rejected {
        assert!(body.get("best_frame_b64").is_none() && body.get("best_frame_index").is_none());
    }
}

#[tokio::test]
async fn processing_time_ms() {
    let app = spawn_app().await;
    // Two workers look at eight frames for 10 ms each.
    for bona_fide in [0.95, 0.1] {
        let capture = Capture::left_right(|_, s| {
            (s.bona_fide, s.delay_ms) = (bona_fide, 10);
        });
        let session = app.client.session(&LEFT_RIGHT).await;
        let asked = Instant::now();
        let answer = app.client.verify(&session, &capture).await;
        let waited = asked.elapsed().as_millis();
        let took = answer.body["processing_time_ms"].as_u64().unwrap();
        assert!((40..=waited).contains(&took.into()), "{took} of {waited}");
    }
    let (verified, rejected) = bodies().await;
    for body in rejected.into_iter().chain([verified]) {
        assert!(body["processing_time_ms"].is_u64(), "{body}");
    }
}
