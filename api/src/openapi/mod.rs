//! The API document: what poem-openapi derives, and what is added to it.
//!
//! poem-openapi derives operations and schemas from the types. It cannot express examples, the headers
//! of every answer, errors by their codes, formats, or a query that is read by hand. These are added to
//! its JSON here, once, at the start.

mod answers;
pub(crate) mod failures;
mod illustrate;
mod parameters;
mod schemas;

use bytes::Bytes;
use poem_openapi::{LicenseObject, OpenApiService, ServerObject};
use serde_json::{Value, json};

use crate::http::methods::Methods;
use crate::interactive::Interactive;
use crate::receipts::well_known::WellKnown;
use crate::verify::ServerToServer;

const TITLE: &str = "Livegate API";

/// The introduction, which precedes the operations; Markdown.
const INTRODUCTION: &str = include_str!("introduction.md");

/// Both APIs, and the keys of receipts.
type Routes = (ServerToServer, Interactive, WellKnown);

/// The API as a service of poem-openapi.
pub fn service() -> OpenApiService<Routes, ()> {
    let server = ServerObject::new("/").description("The server that this document comes from.");
    let license =
        LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0");
    OpenApiService::new(
        (ServerToServer, Interactive, WellKnown),
        TITLE,
        env!("CARGO_PKG_VERSION"),
    )
    .description(INTRODUCTION)
    .license(license)
    .server(server)
}

/// The API document in each form in which it is served.
pub struct ApiDocument {
    /// The body of `/openapi.json`.
    pub json: Bytes,
    /// The body of `/docs`: a page that loads nothing from elsewhere.
    pub page: Bytes,
    /// The methods of each path.
    pub methods: Methods,
}

impl ApiDocument {
    /// Makes the document from the service's own, with everything that is added.
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

/// Names of generic schemas: as poem-openapi generates them, and as the document has them.
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
        let has_key = operation.get("security").is_some();
        let responses = &mut operation["responses"];
        for (status, response) in failures {
            responses[status] = response;
        }
        for (status, name, example) in answers {
            responses[status]["content"]["application/json"]["examples"][name] = example;
        }
        for (status, response) in responses.as_object_mut().into_iter().flatten() {
            response["headers"] = headers_of(status);
            if has_key {
                response["headers"]["X-Livegate-Test"] =
                    json!({"$ref": "#/components/headers/Test"});
            }
        }
        parameters::complete(operation);
    }
    illustrate::fields(document);
}

fn headers() -> Value {
    json!({
        "LivegateRequestId": {
            "description": "Our id of the request, in logs and audit records: new for each request.",
            "required": true,
            "schema": {"type": "string", "format": "uuid"},
            "example": "4de6f2a7-20fa-44f2-9830-5ac4a1b44222",
        },
        "RequestId": {
            "description": "Your own `X-Request-Id` if it is 1 to 64 letters, digits, points, underscores \
                and hyphens, else ours.",
            "required": true,
            "schema": {"type": "string", "minLength": 1, "maxLength": 64},
            "example": "4de6f2a7-20fa-44f2-9830-5ac4a1b44222",
        },
        "Test": {
            "description": "There, and `true`, where the request was made with a test key, or with the client token of a \
                test session: the answer rests on no measurement.",
            "schema": {"type": "string", "enum": ["true"]},
            "example": "true",
        },
        "RetryAfter": {
            "description": "Seconds to wait, at least, before trying again.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1},
            "example": 1,
        },
    })
}

fn headers_of(status: &str) -> Value {
    let mut headers = json!({
        "X-Livegate-Request-Id": {"$ref": "#/components/headers/LivegateRequestId"},
        "X-Request-Id": {"$ref": "#/components/headers/RequestId"},
    });
    if matches!(status, "429" | "503") {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"});
    }
    headers
}
