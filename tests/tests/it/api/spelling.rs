//! Bodies as clients write them: marks before JSON, other base64, forms of every style.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::{Answer, Capture, Client};
use livegate_tests::media::case;
use livegate_tests::scripted::{Scene, png};
use reqwest::Method;

const MARK: &[u8] = b"\xef\xbb\xbf";

async fn post(app: &App, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
    let request = app.client.request(Method::POST, path);
    Client::send(request.header("content-type", content_type).body(body)).await
}

async fn post_json(app: &App, path: &str, body: &[u8]) -> Answer {
    post(
        app,
        path,
        "application/json ; Charset = \"UTF-8\"",
        body.to_vec(),
    )
    .await
}

#[tokio::test]
async fn a_byte_order_mark_is_skipped_and_other_encodings_are_named() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let verify = Capture::good().body(&session).to_string();
    let live = "/api/v1/liveness/sessions?num_challenges=1";
    for (path, body) in [
        ("/v1/liveness/session", "{\"yaw_deg\": 20}"),
        ("/v1/liveness/session", ""),
        ("/v1/liveness/verify", &verify),
        (live, "{}"),
        (live, ""),
    ] {
        let marked = [MARK, body.as_bytes()].concat();
        let answer = post_json(&app, path, &marked).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let wide: Vec<u8> = ["\u{feff}", body]
            .concat()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let refused = post_json(&app, path, &wide).await;
        refused.assert_error(400, "INVALID_INPUT");
        if !path.starts_with(live) || body.is_empty() {
            assert_eq!(refused.error(), "The body is UTF-16; send UTF-8.");
        }
    }
    // A mark makes no room for a body that would be ignored.
    for body in ["[1,2]", "{\"preset\":\"eye\"}"] {
        post_json(&app, live, body.as_bytes())
            .await
            .assert_error(400, "INVALID_INPUT");
    }
}

#[tokio::test]
async fn url_safe_base64_is_taken_and_a_mixture_is_not() {
    let app = spawn_app().await;
    for (drop_padding, mixed) in [(false, false), (true, false), (false, true)] {
        let session = app.client.session(&["turn_left", "turn_right"]).await;
        let mut body = Capture::good().body(&session);
        for frame in body["frames"].as_array_mut().unwrap() {
            let standard = frame["image_b64"].as_str().unwrap();
            assert!(
                standard.contains('+') && standard.contains('/'),
                "nothing to tell by"
            );
            let mut text = standard.replace('+', "-");
            if !mixed {
                text = text.replace('/', "_");
            }
            if drop_padding {
                text = text.trim_end_matches('=').to_owned();
            }
            frame["image_b64"] = text.into();
        }
        let answer = app.client.verify_raw(&body).await;
        if mixed {
            answer.assert_error(400, "INVALID_FRAME_FORMAT");
            assert!(answer.error().contains("base64"), "{}", answer.error());
        } else {
            assert_eq!(answer.body["verified"], true, "{}", answer.body);
        }
    }
}

/// Submits a form as it is.
async fn frame(app: &App, content_type: &str, form: Vec<u8>) -> Answer {
    let session = app.client.interactive_session("SMILE").await;
    let path = format!("/api/v1/liveness/sessions/{session}/frame");
    post(app, &path, content_type, form).await
}

#[tokio::test]
async fn forms_are_read_as_clients_write_them() {
    let app = spawn_app().await;
    let image = png(&Scene::default());
    for (content_type, before, after) in [
        // As reported of a server that took the white space for a part of the boundary.
        (
            "multipart/form-data; boundary=XbX ; charset=utf-8",
            "--XbX\r\nContent-Disposition: form-data; name=\"image\"; filename=\"f.jpg\"\r\n\r\n",
            "\r\n--XbX--\r\n",
        ),
        // JavaMail and others: characters that should be quoted.
        (
            "multipart/form-data; boundary=\"----=_Part/1:2'(3)\"; charset=UTF-8",
            "------=_Part/1:2'(3)\r\ncontent-disposition: form-data; name=image\r\n\r\n",
            "\r\n------=_Part/1:2'(3)--",
        ),
        (
            "multipart/form-data; boundary=----=_Part_1",
            "\r\n------=_Part_1\r\nContent-Disposition: form-data; filename*=UTF-8''a%20b.jpg; name=\"image\"\r\nContent-Transfer-Encoding: binary\r\n\r\n",
            "\r\n------=_Part_1--\r\nepilogue",
        ),
        // By hand: names in capitals, padding, folded headers.
        (
            "Multipart/Form-Data ; BOUNDARY = b",
            "preamble\r\n--b \t\r\nCONTENT-DISPOSITION : form-data;\r\n NAME = \"im\\age\"\r\n\r\n",
            "\r\n--b-- \r\n",
        ),
        // By hand, on microcontrollers: LF alone.
        (
            "multipart/form-data;boundary=b;",
            "--b\nContent-Disposition: form-data; name=\"image\"\n\n",
            "\n--b--\n",
        ),
    ] {
        let form = [before.as_bytes(), &image, after.as_bytes()].concat();
        let answer = frame(&app, content_type, form).await;
        assert_eq!(answer.status, 200, "{content_type}: {}", answer.body);
        assert_eq!(answer.body["feedback"], "keep_going");
    }
}

#[tokio::test]
#[cfg_attr(not(has_cases), ignore = "needs files from clients (LIVEGATE_CASES)")]
async fn the_form_of_the_cases_is_read() {
    let form = std::fs::read(case("form_XbX.bin")).unwrap();
    let app = spawn_app().await;
    let content_type = "multipart/form-data; boundary=XbX ; charset=utf-8";
    let answer = frame(&app, content_type, form.clone()).await;
    // The analyzer of tests sees nothing in pictures that are not its own.
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["feedback"], "no_face");
    let other = frame(&app, "multipart/form-data; boundary=XbY", form).await;
    other.assert_error(400, "INVALID_INPUT");
    assert!(other.error().contains("\"XbY\""), "{}", other.error());
}
