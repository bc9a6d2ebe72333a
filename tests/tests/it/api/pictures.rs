//! Pictures as cameras and phones write them: odd, grey, or of another format.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat};
use livegate_media::ImageHeader;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::{Answer, Capture, base64};
use livegate_tests::clips::{left_right, of_scenes};
use livegate_tests::media::case;
use livegate_tests::scripted::{Scene, jpeg, png};
use serde_json::{Value, json};

const LEFT_RIGHT: [&str; 2] = ["turn_left", "turn_right"];

/// A picture as a client sent it.
#[track_caller]
fn picture(name: &str) -> Vec<u8> {
    std::fs::read(case(name)).unwrap()
}

/// What verify says of a capture that holds this picture eight times.
async fn verify_all_of(app: &App, picture: &[u8]) -> Answer {
    let mut capture = Capture::good();
    for (_, image) in &mut capture.0 {
        picture.clone_into(image);
    }
    app.client.verify_new(&capture).await
}

#[tokio::test]
#[cfg_attr(not(has_cases), ignore = "needs files from clients (LIVEGATE_CASES)")]
async fn pictures_that_every_program_displays_are_judged() {
    let control = picture("control.jpg");
    let app = spawn_app().await;
    let expected = verify_all_of(&app, &control).await;
    assert_eq!(
        expected.body["reason_codes"][0], "insufficient_face_detections",
        "{}",
        expected.body
    );
    for name in [
        "samsung_sos_ss0_se0.jpg",
        "logitech_bytes_before_rst.jpg",
        "adobe_transform_7.jpg",
        "exif6_long.jpg",
        "exif6_short.jpg",
    ] {
        let answer = verify_all_of(&app, &picture(name)).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        assert_eq!(
            answer.body["reason_codes"], expected.body["reason_codes"],
            "{name}: {}",
            answer.body
        );
    }
    let cut = verify_all_of(&app, &control[..control.len() - 40]).await;
    cut.assert_rejected(&["invalid_input"]);
}

#[test]
#[cfg_attr(not(has_cases), ignore = "needs files from clients (LIVEGATE_CASES)")]
fn orientation_is_the_same_as_a_long_and_as_a_short() {
    let (long, short) = (picture("exif6_long.jpg"), picture("exif6_short.jpg"));
    let long = ImageHeader::read(&long).unwrap();
    assert_eq!(long, ImageHeader::read(&short).unwrap());
    // Stored on its side.
    assert_eq!((long.width, long.height), (640, 480));
    assert_ne!(long.orientation, Orientation::NoTransforms);
}

/// A picture without colour, with one channel.
fn grey(format: ImageFormat) -> Vec<u8> {
    let colour = image::load_from_memory(&jpeg(320, 240)).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(colour.into_luma8())
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_picture_with_one_channel_is_refused_by_name_and_uses_nothing_up() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let live = app.client.interactive_session("BLINK").await;
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let mut body = Capture::good().body(&session);
        body["frames"][3]["image_b64"] = json!(base64(&grey(format)));
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        let text = answer.error();
        assert!(
            text.starts_with("Frame 3: image_b64 is grey, and must be in colour"),
            "{text}"
        );
        let answer = app.client.frame(&live, &grey(format)).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        assert!(answer.error().contains("is grey"), "{}", answer.error());
    }
    let verified = app.client.verify(&session, &Capture::good()).await;
    assert_eq!(verified.body["verified"], true, "{}", verified.body);
}

fn evidence(answer: &Answer) -> &Vec<Value> {
    answer.body["rejection_details"]["evidence"]
        .as_array()
        .unwrap()
}

#[tokio::test]
async fn a_face_without_colour_is_said_to_be_grey_and_not_to_be_a_spoof() {
    let app = spawn_app().await;
    let capture = Capture::left_right(|i, s| {
        s.bona_fide = 0.01;
        s.colour = if i == 2 || i == 5 { 0.1 } else { 8.0 };
    });
    let answer = app.client.verify_new(&capture).await;
    answer.assert_rejected(&["invalid_input"]);
    let all = evidence(&answer);
    assert_eq!(all.len(), 2, "{}", answer.body);
    for (said, index) in all.iter().zip([2, 5]) {
        assert_eq!(
            (&said["name"], &said["measured"], &said["required"]),
            (&json!("no_colour"), &json!(0.1), &json!(0.7))
        );
        let text = said["text"].as_str().unwrap();
        assert!(
            text.starts_with(&format!("Frame {index} is grey")),
            "{text}"
        );
    }

    let clip = of_scenes(&left_right(|_, s| s.colour = 0.0), 15);
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
    answer.assert_rejected(&["invalid_input"]);
    let [said] = evidence(&answer).as_slice() else {
        panic!("{}", answer.body)
    };
    assert_eq!(said["name"], "no_colour");
    assert!(
        said["text"]
            .as_str()
            .unwrap()
            .starts_with("The clip is grey")
    );
}

#[tokio::test]
async fn a_grey_frame_leaves_a_live_session_untouched() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("BLINK").await;
    let scene = Scene {
        colour: 0.0,
        ..Scene::default()
    };
    let answer = app.client.frame(&id, &png(&scene)).await;
    answer.assert_error(400, "INVALID_FRAME_FORMAT");
    assert!(answer.error().contains("is grey"), "{}", answer.error());
    let status = app.client.interactive_status(&id).await;
    assert_eq!(status.body["state"], "pending", "{}", status.body);
    let answer = app.client.play(&id, &Scene::doing("BLINK")).await;
    assert_eq!(answer.body["passed"], true, "{}", answer.body);
}

#[tokio::test]
async fn what_came_instead_of_a_picture_is_named() {
    let app = spawn_app().await;
    let live = app.client.interactive_session("BLINK").await;
    for (bytes, name) in [
        (&b"RIFF\x24\0\0\0WEBPVP8 "[..], "a WebP picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "an AVIF picture"),
        (b"GIF89a\x01\0\x01\0", "a GIF picture"),
        (b"BM\x36\0\0\0\0\0", "a BMP picture"),
        (b"II\x2a\0\x08\0\0\0", "a TIFF or raw picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"not found", "text"),
        (b"/9j/4AAQSkZJRgABAQ", "base64 text of a picture"),
        (
            b"data:image/jpeg;base64,/9j/4AAQ",
            "base64 text of a picture",
        ),
        (b"<svg xmlns=\"x\"></svg>", "an SVG or XML document"),
        (b"{\"error\":1}", "JSON text"),
        (b"[object Blob]", "the name of a JavaScript object"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "a video"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86", "a video"),
        (&[0; 64], "nothing but zeros"),
        (
            b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\0\x10JFIF",
            "a picture that was read or sent as text, and so is damaged",
        ),
    ] {
        let mut body = Capture::good().body("live_0123456789abcdef0123456789abcdef");
        body["frames"][1]["image_b64"] = json!(base64(bytes));
        let expected = format!("is {name}, neither a JPEG nor a PNG.");
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        assert_eq!(answer.error(), format!("Frame 1: image_b64 {expected}"));
        let answer = app.client.frame(&live, bytes).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        assert_eq!(answer.error(), format!("The image {expected}"));
    }
}

#[tokio::test]
async fn a_text_in_place_of_base64_is_named() {
    let app = spawn_app().await;
    let prefix = "data:image/jpeg;base64,";
    for (text, problem) in [
        (
            "https://example.com/me.jpg",
            "is the address of a picture, not base64",
        ),
        (
            "[object Blob]",
            "is the name of a JavaScript object, not base64",
        ),
        (
            &format!("{prefix}{prefix}/9j/4AAQ"),
            "has a data-URL prefix twice; send it once, or the base64 alone",
        ),
        ("data:image/svg+xml,<svg/>", "is a data URL without ;base64"),
        ("/9j/4AAQ!", "does not decode as base64"),
        ("", "is empty"),
    ] {
        let mut body = Capture::good().body("live_0123456789abcdef0123456789abcdef");
        body["frames"][2]["image_b64"] = json!(text);
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        assert_eq!(answer.error(), format!("Frame 2: image_b64 {problem}."));
    }
}
