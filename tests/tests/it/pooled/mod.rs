//! Clients that keep connections open, and are refused before their body was read.

mod clients;
mod http2;
mod raw;

use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, Options, spawn};
use serde_json::json;

/// A body that is read to its end though its request is refused.
const SMALL: usize = 100_000;
/// One that is not.
const LARGE: usize = 3 << 19;

/// A request, and how it is answered.
#[derive(Clone)]
struct Call {
    name: String,
    method: &'static str,
    path: String,
    status: u16,
    size: usize,
    headers: Vec<(&'static str, String)>,
}

impl Call {
    fn body(&self) -> Vec<u8> {
        match self.size {
            2 => b"{}".to_vec(),
            size => vec![b'x'; size],
        }
    }

    /// One line, as the programs in `tests/tools` read it.
    fn line(&self) -> String {
        let (status, size) = (self.status.to_string(), self.size.to_string());
        let mut fields = vec![self.name.clone(), self.method.to_owned(), self.path.clone()];
        fields.extend([status, size]);
        fields.extend(
            self.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        fields.join("\t")
    }
}

/// An API, a valid call, and one for each refusal before a body is read, with small and large bodies.
async fn refusing_app() -> (App, Call, Vec<Call>) {
    let app = spawn(Options {
        key: NewKey {
            requests_per_minute: 1_000_000,
            ..NewKey::named("busy")
        },
        ..Options::default()
    })
    .await;
    let off = app.add_key(&NewKey {
        liveness: false,
        ..NewKey::named("off")
    });
    let slow = app.add_key(&NewKey {
        requests_per_minute: 1,
        ..NewKey::named("slow")
    });
    let off_client = app.client.with_key(&off.secret);
    let is_refused = |a: &livegate_tests::client::Answer| a.status == 403;
    app.until(async || off_client.create(&json!({})).await, is_refused)
        .await;
    // The only one of this minute.
    app.until_known(&app.client.with_key(&slow.secret)).await;
    let (key, off, slow) = (&*app.key.secret, &*off.secret, &*slow.secret);
    let (json, text) = ("application/json", "text/plain");
    let (session, verify) = ("/v1/liveness/session", "/v1/liveness/verify");
    let live = "/api/v1/liveness/sessions";
    // No session's id, so that no session's rate is used up.
    let frame = &*format!("{live}/none/frame");
    let call = |method, path: &str, status, size, content_type: &str, key: &str| Call {
        name: format!("{status} {method} {path} {content_type} {size}"),
        method,
        path: path.to_owned(),
        status,
        size,
        headers: vec![
            ("X-AI-API-Key", key.to_owned()),
            ("Content-Type", content_type.to_owned()),
        ],
    };
    let mut refusals = Vec::new();
    for size in [SMALL, LARGE] {
        refusals.extend([
            call("POST", verify, 401, size, json, "tsk_wrong"),
            call("POST", verify, 403, size, json, off),
            call("POST", "/v1/liveness/nothing", 404, size, json, key),
            call("PUT", verify, 405, size, json, key),
            call("DELETE", session, 405, size, json, key),
            call("POST", session, 413, size, json, key),
            call("POST", verify, 415, size, text, key),
            call("POST", verify, 429, size, json, slow),
            call("POST", live, 415, size, text, key),
            call("POST", frame, 401, size, "multipart/form-data", "tsk_wrong"),
            call("POST", frame, 415, size, text, key),
        ]);
    }
    // Read before it is refused.
    refusals.push(call("POST", frame, 400, SMALL, "multipart/form-data", key));
    refusals.push(call(
        "POST",
        frame,
        413,
        12 << 20,
        "multipart/form-data",
        key,
    ));
    let valid = call("POST", session, 200, 2, json, key);
    (app, valid, refusals)
}
