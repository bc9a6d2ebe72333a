//! The API document, completed.
//!
//! poem-openapi derives operations and schemas from the types; what it has no words for (examples,
//! the headers of every answer, errors by their codes, formats, a query that is read by hand) is added to its JSON here, once, at
//! the start.

mod answers;
mod failures;
mod illustrate;
mod parameters;
mod schemas;

use bytes::Bytes;
use poem_openapi::{LicenseObject, OpenApiService, ServerObject};
use serde_json::{Value, json};

use crate::http::methods::Methods;
use crate::interactive::Interactive;
use crate::verify::ServerToServer;

const TITLE: &str = "Livegate API";

/// What a reader should know before the operations; Markdown.
const INTRODUCTION: &str = include_str!("introduction.md");

/// Both APIs.
type Routes = (ServerToServer, Interactive);

/// The API as poem-openapi serves it.
pub fn service() -> OpenApiService<Routes, ()> {
    let server = ServerObject::new("/").description("The server that this document comes from.");
    let license =
        LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0");
    OpenApiService::new(
        (ServerToServer, Interactive),
        TITLE,
        env!("CARGO_PKG_VERSION"),
    )
    .description(INTRODUCTION)
    .license(license)
    .server(server)
}

/// The document in the forms in which it is served.
pub struct ApiDocument {
    /// `/openapi.json`.
    pub json: Bytes,
    /// `/docs`: a page that needs nothing from elsewhere.
    pub page: Bytes,
    /// What each path in it takes.
    pub methods: Methods,
}

impl ApiDocument {
    /// Completes what poem-openapi says of the service.
    #[expect(
        clippy::expect_used,
        reason = "the document holds nothing that came from outside"
    )]
    pub fn of(service: &OpenApiService<Routes, ()>) -> Self {
        let derived = service.spec();
        let mut document =
            serde_json::from_str(&with_names(&derived)).expect("poem-openapi writes JSON");
        complete(&mut document);
        let json = serde_json::to_string_pretty(&document).expect("names are strings");
        let page = service
            .swagger_ui_html()
            .replacen("<html", "<!DOCTYPE html>\n<html lang=\"en\"", 1)
            .replacen(
                "<title>Swagger UI</title>",
                &format!("<title>{TITLE}</title>"),
                1,
            )
            .replacen(&derived, &json, 1);
        Self {
            json: json.into(),
            page: page.into(),
            methods: Methods::documented(&document),
        }
    }
}

/// Names of generic schemas, as poem-openapi makes them up and as the document has them.
const GENERIC: [(&str, &str); 4] = [
    ("RejectionDetails_Action", "RejectionDetails"),
    ("RejectionDetails_ChallengeType", "SessionRejectionDetails"),
    ("FailedAction_Action", "FailedActionDetails"),
    ("FailedAction_ChallengeType", "FailedChallenge"),
];

fn with_names(derived: &str) -> String {
    GENERIC
        .iter()
        .fold(derived.to_owned(), |text, (derived, name)| {
            text.replace(&format!("{derived}\""), &format!("{name}\""))
        })
}

fn complete(document: &mut Value) {
    document["components"]["headers"] = headers();
    schemas::complete(&mut document["components"]["schemas"]);
    let paths = document["paths"].as_object_mut().into_iter();
    let operations = paths.flatten().filter_map(|(_, path)| path.as_object_mut());
    for operation in operations.flatten().map(|(_, operation)| operation) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let (requests, answers) = (answers::requests(id), answers::answers(id));
        let failures = failures::responses(id);
        for (name, example) in requests {
            operation["requestBody"]["content"]["application/json"]["examples"][name] = example;
        }
        let responses = &mut operation["responses"];
        for (status, response) in failures {
            responses[status] = response;
        }
        for (status, name, example) in answers {
            responses[status]["content"]["application/json"]["examples"][name] = example;
        }
        for (status, response) in responses.as_object_mut().into_iter().flatten() {
            response["headers"] = headers_of(status);
        }
        parameters::complete(operation);
    }
    illustrate::fields(document);
}

fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "What logs and audit records call the request: your own `X-Request-Id` if \
                it is 1 to 64 letters, digits, points, underscores and hyphens, else a fresh one.",
            "required": true,
            "schema": {"type": "string", "minLength": 1, "maxLength": 64},
            "example": "4de6f2a7-20fa-44f2-9830-5ac4a1b44222",
        },
        "RetryAfter": {
            "description": "Seconds to wait at least before trying again.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1},
            "example": 1,
        },
    })
}

fn headers_of(status: &str) -> Value {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/RequestId"}});
    if matches!(status, "429" | "503") {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"});
    }
    headers
}
