//! A client of the API over real HTTP, and captures to send.

use std::net::SocketAddr;

use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::scripted::{Scene, png};

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null when it is not JSON.
    pub body: Value,
    /// The body's bytes.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The error code of the body; empty without one.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The error text of the body; empty without one.
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// Fails the test unless this is an error of that status and code in the documented shape.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        let body = self.body.as_object().unwrap();
        assert!(
            body.len() == 2 && body.contains_key("error"),
            "{}",
            self.body
        );
        assert!(!self.error().is_empty());
        assert_eq!(
            self.headers["content-type"]
                .to_str()
                .unwrap()
                .split(';')
                .next(),
            Some("application/json")
        );
        assert!(self.headers.contains_key("x-request-id"));
        assert!(self.headers.contains_key("x-livegate-request-id"));
        assert_eq!(
            self.headers.contains_key("retry-after"),
            status == 429 || status == 503
        );
    }

    /// Whether it is the repeated answer of an earlier request.
    pub fn is_replayed(&self) -> bool {
        (self.headers.get("idempotent-replayed")).is_some_and(|value| value == "true")
    }

    /// Fails the test unless the verdict is a rejection for exactly these reasons.
    #[track_caller]
    pub fn assert_rejected(&self, reasons: &[&str]) {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.body["verified"], json!(false), "{}", self.body);
        assert_eq!(self.body["reason_codes"], json!(reasons), "{}", self.body);
        for absent in [
            "confidence",
            "embedding",
            "best_frame_b64",
            "best_frame_index",
        ] {
            assert!(self.body.get(absent).is_none(), "{absent} in {}", self.body);
        }
    }
}

/// The result of a request to a server that may be gone.
#[derive(Debug)]
pub enum Sent {
    /// It was answered.
    Answered(Answer),
    /// It was sent, and no complete answer came back. Whether the server received it is unknown.
    Lost(reqwest::Error),
    /// The connection was refused: it was never sent.
    Refused,
}

async fn read(response: Response) -> reqwest::Result<Answer> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await?.to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Ok(Answer {
        status,
        headers,
        body,
        bytes,
    })
}

/// A client with an API key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    key: Option<String>,
    token: Option<String>,
}

impl Client {
    /// A client of the server at `address`; without a key for `None`.
    pub fn new(address: SocketAddr, key: Option<&str>) -> Self {
        // No proxy, even if the environment names one: the server is on this machine.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            http,
            address,
            key: key.map(str::to_owned),
            token: None,
        }
    }

    /// The same client with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same client without a key.
    pub fn without_key(&self) -> Self {
        Self {
            key: None,
            ..self.clone()
        }
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request that can be changed before it is sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("http://{}{path}", self.address));
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match &self.key {
            Some(key) => request.header("X-AI-API-Key", key),
            None => request,
        }
    }

    /// The same client with a client token instead of a key.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            key: None,
            ..self.clone()
        }
    }

    /// Sends a request and reads the answer.
    pub async fn send(request: RequestBuilder) -> Answer {
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// Sends a request to a server that may be gone before it has answered.
    pub async fn try_send(request: RequestBuilder) -> Sent {
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Sent::Refused,
            Err(error) => return Sent::Lost(error),
        };
        match read(response).await {
            Ok(answer) => Sent::Answered(answer),
            Err(error) => Sent::Lost(error),
        }
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(Method::GET, path)).await
    }

    /// Posts JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    /// Creates a session.
    pub async fn create(&self, body: &Value) -> Answer {
        self.post("/v1/liveness/session", body).await
    }

    /// Creates a session with these actions and returns its id.
    pub async fn session(&self, actions: &[&str]) -> String {
        let created = self.create(&json!({ "actions": actions })).await;
        assert_eq!(created.status, 200, "{}", created.body);
        created.body["session_id"].as_str().unwrap().to_owned()
    }

    /// Creates an interactive session with this query.
    pub async fn interactive(&self, query: &str) -> Answer {
        let path = format!("/api/v1/liveness/sessions?{query}");
        Self::send(self.request(Method::POST, &path)).await
    }

    /// Creates an interactive session with these challenges and returns its id.
    pub async fn interactive_session(&self, challenges: &str) -> String {
        let created = self.interactive(&format!("challenges={challenges}")).await;
        assert_eq!(created.status, 200, "{}", created.body);
        created.body["session_id"].as_str().unwrap().to_owned()
    }

    /// Submits a frame to an interactive session.
    pub async fn frame(&self, session_id: &str, image: &[u8]) -> Answer {
        let part = Part::bytes(image.to_vec()).file_name("frame.jpg");
        let path = format!("/api/v1/liveness/sessions/{session_id}/frame");
        let form = Form::new().part("image", part);
        Self::send(self.request(Method::POST, &path).multipart(form)).await
    }

    /// Submits frames that show these scenes, one after the other, and returns the last answer.
    pub async fn play(&self, session_id: &str, scenes: &[Scene]) -> Answer {
        let mut last = None;
        for scene in scenes {
            let answer = self.frame(session_id, &png(scene)).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            last = Some(answer);
        }
        last.unwrap()
    }

    /// Gets the status of an interactive session.
    pub async fn interactive_status(&self, session_id: &str) -> Answer {
        self.get(&format!("/api/v1/liveness/sessions/{session_id}"))
            .await
    }

    /// Cancels an interactive session.
    pub async fn cancel(&self, session_id: &str) -> Answer {
        let path = format!("/api/v1/liveness/sessions/{session_id}");
        Self::send(self.request(Method::DELETE, &path)).await
    }

    /// Gets the status of a session.
    pub async fn status(&self, session_id: &str) -> Answer {
        self.get(&format!("/v1/liveness/session/{session_id}"))
            .await
    }

    /// Sends a verify body unchanged.
    pub async fn verify_raw(&self, body: &Value) -> Answer {
        self.post("/v1/liveness/verify", body).await
    }

    /// A verify with this idempotency key.
    pub fn verify_with_key(&self, key: &str, body: &Value) -> RequestBuilder {
        let request = self.request(Method::POST, "/v1/liveness/verify");
        request.header("idempotency-key", key).json(body)
    }

    /// Verifies a capture for a session.
    pub async fn verify(&self, session_id: &str, capture: &Capture) -> Answer {
        self.verify_raw(&capture.body(session_id)).await
    }

    /// Verifies a clip for a session.
    pub async fn verify_clip(&self, session_id: &str, clip: &[u8]) -> Answer {
        self.verify_raw(&clip_body(session_id, clip)).await
    }

    /// Creates a session for these actions, and verifies a clip for it.
    pub async fn verify_new_clip(&self, actions: &[&str], clip: &[u8]) -> Answer {
        let session = self.session(actions).await;
        self.verify_clip(&session, clip).await
    }

    /// Creates a session for turn_left and turn_right, and verifies a capture for it.
    pub async fn verify_new(&self, capture: &Capture) -> Answer {
        let session = self.session(&["turn_left", "turn_right"]).await;
        self.verify(&session, capture).await
    }
}

/// Frames to send, with their phases.
#[derive(Clone, Debug)]
pub struct Capture(pub Vec<(String, Vec<u8>)>);

impl Capture {
    /// One picture for each pair of phase and scene.
    pub fn of<'a>(scenes: impl IntoIterator<Item = (&'a str, Scene)>) -> Self {
        Self(
            scenes
                .into_iter()
                .map(|(phase, scene)| (phase.to_owned(), png(&scene)))
                .collect(),
        )
    }

    /// A live person who turns left, then right. `change` may change each picture.
    pub fn left_right(change: impl Fn(usize, &mut Scene)) -> Self {
        let yaws = [
            ("center", 0.0),
            ("center", 1.0),
            ("turn_left", -20.0),
            ("turn_left", -30.0),
            ("turn_right", 5.0),
            ("turn_right", 20.0),
            ("turn_right", 32.0),
            ("turn_right_end", 30.0),
        ];
        Self::of(yaws.into_iter().enumerate().map(|(i, (phase, yaw))| {
            let mut scene = Scene::turned(yaw);
            change(i, &mut scene);
            (phase, scene)
        }))
    }

    /// A live person who turns left, then right.
    pub fn good() -> Self {
        Self::left_right(|_, _| {})
    }

    /// A live person who meets a session's challenge: two neutral frames, then three for each action, as
    /// the documents recommend.
    pub fn doing(challenge: &[String]) -> Self {
        let open = Scene::default();
        let mut scenes = vec![("center", open); 2];
        for action in challenge.iter().map(String::as_str) {
            let peak = match action {
                "turn_left" => Scene::turned(-30.0),
                "turn_right" => Scene::turned(30.0),
                "turn_up" => Scene::nodding(-25.0),
                "turn_down" => Scene::nodding(25.0),
                "blink" => Scene::eyes_closed(),
                unknown => panic!("{unknown}"),
            };
            scenes.extend([(action, open), (action, peak), (action, open)]);
        }
        Self::of(scenes)
    }

    /// The frames in the API's format. Their timestamps span less than a second, because sessions of
    /// tests are only that old.
    pub fn frames(&self) -> Vec<Value> {
        self.0
            .iter()
            .enumerate()
            .map(|(index, (phase, image))| {
                json!({
                    "index": index,
                    "timestamp_ms": 10 * index,
                    "phase": phase,
                    "image_b64": base64(image),
                })
            })
            .collect()
    }

    /// The body of a verify.
    pub fn body(&self, session_id: &str) -> Value {
        json!({ "session_id": session_id, "mode": "images", "frames": self.frames() })
    }
}

/// The body of a verify in video mode.
pub fn clip_body(session_id: &str, clip: &[u8]) -> Value {
    json!({ "session_id": session_id, "mode": "video", "video_b64": base64(clip) })
}

/// Standard base64.
pub fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}
