//! One live frame out, one outcome in.

use std::time::Duration;

use bytes::Bytes;
use livegate_api::Services;
use livegate_api::measure::{MeasureError, measure_frame};
use livegate_common::id::RequestId;
use livegate_common::job::Look;
use livegate_liveness::measurement::Face;
use livegate_liveness::outcome::FrameOutcome;
use livegate_liveness::thresholds::Thresholds;
use livegate_media::Picture;
use livegate_server::embedded;
use livegate_tests::app::{App, Options, live_admission, spawn_app};
use livegate_tests::scripted::{Act, Scene, png};

use super::replicas::Shared;

const LIMIT: Duration = Duration::from_secs(10);

async fn measure(
    services: &Services,
    image: &[u8],
    look: Look,
    limit: Duration,
) -> Result<FrameOutcome, MeasureError> {
    let image = Picture::read(Bytes::copy_from_slice(image)).unwrap();
    let (admission, request) = (live_admission().await, RequestId::fresh());
    let measured = measure_frame(services, admission.lane(), &request, &image, look, limit);
    Ok(measured.await?.outcome)
}

async fn face(app: &App, scene: &Scene, look: Look) -> Face {
    match measure(&app.services, &png(scene), look, LIMIT)
        .await
        .unwrap()
    {
        FrameOutcome::Measured(frame) => frame.face.expect("a face"),
        FrameOutcome::Undecodable(cause) => panic!("{cause}"),
    }
}

async fn is_looked_at_as_asked(app: &App) {
    let scene = Scene {
        smile: 0.8,
        ..Scene::turned(-20.0)
    };
    for look in [Look::Glance, Look::Whole] {
        let face = face(app, &scene, look).await;
        assert_eq!((face.pose.yaw, face.mouth.smile), (-20.0, 0.8));
        let is_whole = look == Look::Whole;
        assert_eq!(face.embedding.is_some(), is_whole);
        assert_eq!(face.bona_fide_score().is_some(), is_whole);
    }
}

#[tokio::test]
async fn a_live_frame_is_looked_at_as_closely_as_asked_in_one_process() {
    is_looked_at_as_asked(&spawn_app().await).await;
}

#[tokio::test]
async fn a_live_frame_is_looked_at_as_closely_as_asked_across_a_queue() {
    let shared = Shared::new();
    let app = shared.first(Options::default()).await;
    let _worker = shared.worker();
    is_looked_at_as_asked(&app).await;
}

#[tokio::test]
async fn a_frame_that_is_no_picture_is_an_outcome_and_a_failure_is_none() {
    let app = spawn_app().await;
    let mut broken = png(&Scene::default());
    broken.truncate(broken.len() - 20);
    let outcome = measure(&app.services, &broken, Look::Glance, LIMIT).await;
    let outcome = outcome.unwrap();
    assert!(
        matches!(outcome, FrameOutcome::Undecodable(_)),
        "{outcome:?}"
    );
    let act = Act::Fail;
    let scene = Scene {
        act,
        ..Scene::default()
    };
    let failed = measure(&app.services, &png(&scene), Look::Glance, LIMIT).await;
    let failed = failed.unwrap_err();
    assert!(matches!(failed, MeasureError::Failed { .. }), "{failed}");
}

#[tokio::test]
async fn a_live_frame_that_nobody_looks_at_ends_at_its_deadline() {
    let (services, _broker) = embedded::services(Thresholds::default()).unwrap();
    let image = png(&Scene::default());
    let limit = Duration::from_millis(50);
    let late = measure(&services, &image, Look::Glance, limit).await;
    assert!(matches!(late.unwrap_err(), MeasureError::Deadline { .. }));
}
