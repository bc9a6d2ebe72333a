//! The reference match on real people: in other light, of another picture, of another person.

use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, RgbImage};
use livegate_common::job::Look;
use livegate_liveness::embedding::Embedding;
use livegate_liveness::reference::{ReferenceMatch, clear_face};
use livegate_liveness::thresholds::Thresholds;
use livegate_tests::app::App;
use livegate_tests::client::{Answer, base64};
use livegate_tests::media::{frame_at, jpeg, media};
use serde_json::{Value, json};

use super::people::{Clip, TURNS_A, TURNS_B, TURNS_C};
use super::portrait::{analyzer, pixels};
use super::stack::{Distributed, embedded};

/// Longest side of a picture here, pixels: some are larger than the service's limits.
const MOST_PX: u32 = 2000;

fn picture(path: &Path) -> RgbImage {
    let picture = image::open(path).unwrap();
    let is_large = picture.width().max(picture.height()) > MOST_PX;
    let picture = if is_large {
        picture.resize(MOST_PX, MOST_PX, FilterType::Triangle)
    } else {
        picture
    };
    picture.into_rgb8()
}

/// The person in a picture, by the name of its file: `live_adverse_1_p001.jpg`, `003_A.jpg`.
fn person(name: &str) -> String {
    name.rsplit('_').next().unwrap().to_owned()
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn one_person_matches_in_another_light_and_on_another_occasion_and_no_two_people_do() {
    let (mut analyzer, t) = (analyzer(), Thresholds::default());
    let mut faces: Vec<(String, Embedding)> = Vec::new();
    for (folder, is_of_one) in [
        (
            "pad_frames",
            (|name| name.starts_with("live_")) as fn(&str) -> bool,
        ),
        ("identity", |name| {
            ["_A.", "_B.", "_C."].iter().any(|who| name.contains(who))
        }),
    ] {
        for file in std::fs::read_dir(media(folder)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !is_of_one(name) {
                continue;
            }
            let frame = pixels(picture(&path));
            let seen = analyzer.analyze(&frame, Look::Whole).unwrap();
            // Two heads are lowered too far.
            faces.extend(clear_face(seen, &t).map(|face| (person(name), face)));
        }
    }
    assert_eq!(faces.len(), 67);
    let (mut same, mut others) = (0, 0);
    for (place, (who, face)) in faces.iter().enumerate() {
        for (other, its_face) in &faces[..place] {
            let compared = ReferenceMatch::of(face, its_face, &t);
            let is_same = who == other;
            assert_eq!(compared.is_matched(), is_same, "{}", compared.score);
            *(if is_same { &mut same } else { &mut others }) += 1;
        }
    }
    assert!(same > 90 && others > 2000, "{same} {others}");
}

/// A session for what the person in this film does, and its verdict, compared with `reference`.
async fn verify(app: &App, clip: &Clip, reference: &Value) -> Answer {
    let body = json!({ "actions": clip.actions, "pitch_deg": 15 });
    let created = app.client.create(&body).await;
    let session = created.body["session_id"].as_str().unwrap();
    let mut body = clip.capture().body(session);
    let more = reference.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    app.client.verify_raw(&body).await
}

fn of_bytes(bytes: &[u8]) -> Value {
    json!({ "reference_image_b64": base64(bytes) })
}

async fn everything(app: &App) {
    let films = [(TURNS_A, 3.0), (TURNS_B, 1.0), (TURNS_C, 0.1)];
    let portraits = films
        .each_ref()
        .map(|(clip, at)| frame_at(&media(clip.file), *at));
    for (number, (clip, _)) in films.iter().enumerate() {
        for (of, portrait) in portraits.iter().enumerate() {
            let answer = verify(app, clip, &of_bytes(portrait)).await;
            assert_eq!(answer.body["verified"], true, "{}", answer.body);
            let found = &answer.body["reference_match"];
            assert_eq!(found["matched"], json!(of == number), "{found}");
        }
    }
    // The portrait of one verdict is the reference of the next.
    let first = verify(app, &TURNS_A, &of_bytes(&portraits[0])).await;
    let embedding = json!({ "reference_embedding": first.body["embedding"] });
    let again = verify(app, &TURNS_A, &embedding).await;
    let score = again.body["reference_match"]["score"].as_f64().unwrap();
    assert!(score > 0.999, "{score}");
    let portrait = image::load_from_memory(&portraits[0]).unwrap();
    let grey = DynamicImage::from(portrait.to_luma8()).into_rgb8();
    let answer = verify(app, &TURNS_A, &of_bytes(&jpeg(&grey))).await;
    let found = &answer.body["reference_match"];
    assert_eq!(found["matched"], json!(true), "{found}");

    let mut small = RgbImage::new(360, 480);
    let face = portrait.resize(90, 120, FilterType::Triangle).into_rgb8();
    image::imageops::overlay(&mut small, &face, 130, 180);
    let [blurred, soft, softer] = [5.0, 8.0, 12.0].map(|sigma| portrait.blur(sigma).into_rgb8());
    let away = frame_at(&media(TURNS_A.file), 2.0);
    let file = |name| std::fs::read(media(name)).unwrap();
    for (reference, says) in [
        (file("identity/017_0.jpg"), "no face"),
        (file("identity/010_2.jpg"), "2 faces"),
        (file("identity/015_6.jpg"), "6 faces"),
        (jpeg(&small), "pixels where at least 40"),
        (jpeg(&soft), "detail"),
        (jpeg(&blurred), "detail of"),
        (jpeg(&softer), "detail"),
        (away, "turned by"),
    ] {
        let answer = verify(app, &TURNS_A, &of_bytes(&reference)).await;
        assert_eq!(answer.status, 400, "{says}");
        answer.assert_error(400, "INVALID_REFERENCE");
        assert!(answer.error().contains(says), "{says}: {}", answer.error());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn people_are_compared_with_a_reference_in_one_process() {
    everything(&embedded(None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn people_are_compared_with_a_reference_across_a_queue() {
    everything(&Distributed::start(2, None).await.app).await;
}
