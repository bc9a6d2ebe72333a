//! Presents attacks to the whole service over HTTP.

use std::time::Duration;

use livegate_api::contract::actions::name;
use livegate_instruments::camera::jpeg;
use livegate_liveness::session::Task;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::presentation::{Clock, Medium, Presentation, phase};
use crate::app::App;
use crate::client::{Answer, Capture};
use crate::clips;

/// The result of one presentation.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether the presentation was accepted as a live person who met the challenge.
    pub accepted: bool,
    /// Why it was rejected: reason codes, each with its evidence or the missing part of an action.
    pub said: Vec<String>,
    /// The anti-spoof score, 0 to 1, if the answer contains one.
    pub anti_spoof: Option<f64>,
    /// The identity consistency, if the answer contains one.
    pub same_person: Option<f64>,
}

/// Presents it in a new session.
pub async fn present(app: &App, presentation: Presentation) -> Outcome {
    let answered = answer(app, presentation).await;
    assert_eq!(answered.body.get("error"), None, "{}", answered.body);
    if answered.is_over {
        of_body(&answered.body, answered.is_accepted())
    } else {
        Outcome {
            said: vec!["not_passed".to_owned()],
            ..Outcome::default()
        }
    }
}

/// The service's answer to a presentation.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The body: of a verify, or of the last status of an interactive session.
    pub body: Value,
    /// Whether there is a verdict. An interactive session has none when its frames run out first.
    pub is_over: bool,
}

impl Answered {
    /// Whether it was verified.
    pub fn is_accepted(&self) -> bool {
        self.body["verified"] == true || self.body["is_live"] == true
    }

    /// The result; the default where there is no verdict.
    pub fn outcome(&self) -> Outcome {
        of_body(&self.body, self.is_accepted())
    }
}

/// Presents it in a new session, and returns the unprocessed answer.
pub async fn answer(app: &App, presentation: Presentation) -> Answered {
    let Presentation {
        tasks,
        medium,
        quality,
        yaw_deg,
        clock,
    } = presentation;
    let encode = move |picture: &_| jpeg(picture, quality).unwrap();
    match medium {
        Medium::Images(shots) => {
            let encoded = move || {
                shots
                    .iter()
                    .map(|s| (s.phase.to_owned(), encode(&s.picture)))
                    .collect()
            };
            let capture = Capture(tokio::task::spawn_blocking(encoded).await.unwrap());
            let session = session(app, &tasks, yaw_deg, clock).await;
            let mut body = capture.body(&session);
            for (index, frame) in (0..).zip(body["frames"].as_array_mut().unwrap()) {
                frame["timestamp_ms"] = (index * clock.step_ms.max(1)).into();
            }
            judged(app.client.verify_raw(&body).await)
        }
        Medium::Clip(pictures, rate) => {
            let encoded = move || {
                let frames: Vec<Vec<u8>> = pictures.iter().map(encode).collect();
                clips::of_jpegs(&frames, rate)
            };
            let clip = tokio::task::spawn_blocking(encoded).await.unwrap();
            let session = session(app, &tasks, yaw_deg, clock).await;
            judged(app.client.verify_clip(&session, &clip).await)
        }
        Medium::Live(pictures) => {
            let encoded = move || pictures.iter().map(encode).collect::<Vec<_>>();
            let frames = tokio::task::spawn_blocking(encoded).await.unwrap();
            let names: Vec<_> = tasks.iter().map(|t| name(*t)).collect();
            play(app, &names.join(","), &frames, clock.pace).await
        }
    }
}

/// Creates a session with these tasks, and waits until it has the age of the presentation's clock. The
/// caller must have the capture ready: the server measures a capture's time by the age of the session.
async fn session(app: &App, tasks: &[Task], yaw_deg: Option<u8>, clock: Clock) -> String {
    let actions: Vec<_> = tasks.iter().map(|t| phase(*t)).collect();
    let mut asked = json!({});
    if !clock.is_drawn {
        asked["actions"] = json!(actions);
    }
    if let Some(yaw_deg) = yaw_deg {
        asked["yaw_deg"] = yaw_deg.into();
    }
    loop {
        let created = app.client.create(&asked).await;
        assert_eq!(created.status, 200, "{}", created.body);
        if created.body["challenge"] == json!(actions) {
            tokio::time::sleep(clock.wait).await;
            return created.body["session_id"].as_str().unwrap().to_owned();
        }
        assert!(
            clock.is_drawn,
            "a session has the actions that it was given"
        );
    }
}

/// Sends frames to a session with a long time-out, until it is over.
async fn play(app: &App, challenges: &str, frames: &[Vec<u8>], pace: Duration) -> Answered {
    let query = format!("challenges={challenges}&timeout_seconds=60");
    let created = app.client.interactive(&query).await;
    assert_eq!(created.status, 200, "{}", created.body);
    let session = created.body["session_id"].as_str().unwrap();
    let mut due = Instant::now();
    for frame in frames {
        tokio::time::sleep_until(due).await;
        due += pace;
        let mut answer = app.client.frame(session, frame).await;
        while answer.status == 429 {
            // A session accepts a limited number of frames a second. A client waits like this for the
            // next one.
            tokio::time::sleep(Duration::from_millis(50)).await;
            answer = app.client.frame(session, frame).await;
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        if answer.body["is_live"].is_boolean() {
            break;
        }
    }
    let status = app.client.interactive_status(session).await;
    assert_eq!(status.status, 200, "{}", status.body);
    let body = status.body;
    Answered {
        is_over: !body["is_live"].is_null(),
        body,
    }
}

/// The verdict. A search may make pictures so small that they are refused: then there is no verdict.
fn judged(answer: Answer) -> Answered {
    let is_refused = answer.body["code"] == "INVALID_FRAME_FORMAT";
    assert!(answer.status == 200 || is_refused, "{}", answer.body);
    Answered {
        body: answer.body,
        is_over: !is_refused,
    }
}

fn of_body(body: &Value, accepted: bool) -> Outcome {
    Outcome {
        accepted,
        said: if accepted { Vec::new() } else { said(body) },
        anti_spoof: body["anti_spoof_avg_score"].as_f64(),
        same_person: body["same_person_score"].as_f64(),
    }
}

/// Reasons for a rejection, in the words of the API.
fn said(body: &Value) -> Vec<String> {
    let details = &body["rejection_details"];
    let has = |field: &str| details[field].is_number();
    let mut said = Vec::new();
    for code in body["reason_codes"].as_array().into_iter().flatten() {
        let code = code.as_str().unwrap_or_default();
        match code {
            "different_persons_detected" if has("same_person_threshold") => {
                said.push("same-person score".to_owned());
            }
            // The evidence names what decided. The average score is in the answer, too, but it does not
            // decide.
            "spoof_detected" | "different_persons_detected" => {}
            "challenge_failed" => {
                let failed = details["failed_actions"].as_array().into_iter().flatten();
                said.extend(failed.filter_map(|f| Some(f["why"].as_str()?.to_owned())));
            }
            other => said.push(other.to_owned()),
        }
    }
    let evidence = details["evidence"].as_array().into_iter().flatten();
    said.extend(evidence.filter_map(|e| Some(e["name"].as_str()?.to_owned())));
    said.dedup();
    assert_ne!(json!(said), json!([]), "a rejection says why: {body}");
    said
}
