use livegate_common::shutdown::Shutdown;
use livegate_liveness::thresholds::Thresholds;
use poem::{Endpoint, EndpointExt, Route};
use poem_openapi::payload::PlainText;
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::admission::Admissions;
use crate::audit::Audit;
use crate::config::{AuditTarget, ServerConfig};
use crate::error::Code;
use crate::http::boundary::Boundary;
use crate::http::connection::Limits;
use crate::http::listener;
use crate::http::methods::Methods;
use crate::interactive::in_flight::InFlight;
use crate::keys::watch::LiveKeys;
use crate::metrics::Metrics;
use crate::receipts::Receipts;
use crate::services::Services;

const FORM_TYPE: &str = "multipart/form-data; boundary=AaB03x";

/// The header of a PNG up to its pixels, filled up to this many bytes.
fn png(width: u32, height: u32, length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend_from_slice(&width.to_be_bytes());
    bytes.extend_from_slice(&height.to_be_bytes());
    bytes.extend_from_slice(b"\x08\x02\0\0\0crc4\0\0\0\x01IDAT");
    assert!(bytes.len() <= length);
    bytes.resize(length, 0x55);
    bytes
}

/// A form with these fields; each name is written as given.
fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in fields {
        let head = format!("--AaB03x\r\nContent-Disposition: form-data; name={name}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--AaB03x--\r\n");
    body
}

async fn receive(content_type: &str, body: &[u8]) -> Result<FrameUpload, ApiError> {
    let mut request = Request::builder();
    if !content_type.is_empty() {
        request = request.content_type(content_type);
    }
    let (request, mut body) = request.body(body.to_vec()).split();
    FrameUpload::receive(&request, &mut body, &Uploads::new(64)).await
}

#[track_caller]
fn assert_refused(received: Result<FrameUpload, ApiError>, code: Code, says: &str) {
    let refused = received.err().expect("it was accepted");
    let body = refused.body();
    assert_eq!(body.code, code, "{}", body.error);
    assert!(body.error.contains(says), "{}", body.error);
}

#[tokio::test]
async fn the_image_is_found_whatever_else_is_in_the_form() {
    let image = png(640, 480, 5000);
    for name in [
        "\"image\"",
        "image",
        "\"image\"; filename=\"a b.jpg\"\r\nContent-Type: image/jpeg",
        "\"image\"\r\nContent-Type: application/octet-stream\r\nX-Other: 1",
    ] {
        for fields in [
            vec![(name, image.as_slice())],
            vec![
                ("\"a\"", b"".as_slice()),
                (name, &image),
                ("\"b\"", b"--\r\n--"),
            ],
        ] {
            let received = receive(FORM_TYPE, &form(&fields)).await;
            assert_eq!(*received.expect(name).image.bytes(), image, "{name}");
        }
    }
    let plain = form(&[("image", &image)]);
    let before = [b"to be ignored\r\n".as_slice(), &plain].concat();
    let after = [plain.as_slice(), b"to be ignored"].concat();
    for (content_type, body) in [
        ("multipart/form-data; boundary=\"AaB03x\"", &plain),
        ("Multipart/Form-Data;charset=utf-8;boundary=AaB03x", &plain),
        (
            "multipart/form-data ; Boundary = AaB03x ; charset=utf-8",
            &plain,
        ),
        (FORM_TYPE, &before),
        (FORM_TYPE, &after),
    ] {
        let received = receive(content_type, body).await;
        assert_eq!(*received.expect(content_type).image.bytes(), image);
    }
}

#[tokio::test]
async fn exactly_one_image_is_taken() {
    let image = png(640, 480, 200);
    let missing = [
        Vec::new(),
        form(&[]),
        form(&[("\"file\"", &image), ("\"Image\"", &image)]),
    ];
    for body in missing {
        let received = receive(FORM_TYPE, &body).await;
        assert_refused(received, Code::MissingFields, "Required: image.");
    }
    // An empty body has no type that could be wrong.
    let received = receive("", b"").await;
    assert_refused(received, Code::MissingFields, "Required: image.");
    let twice = form(&[("image", &image), ("image", &image)]);
    assert_refused(
        receive(FORM_TYPE, &twice).await,
        Code::InvalidInput,
        "more than once",
    );
    let mut fields = vec![("x", b"".as_slice()); MAX_FIELDS - 1];
    fields.push(("image", &image));
    assert!(receive(FORM_TYPE, &form(&fields)).await.is_ok());
    fields.push(("x", b""));
    assert_refused(
        receive(FORM_TYPE, &form(&fields)).await,
        Code::InvalidInput,
        "more than 16 fields",
    );
}

#[tokio::test]
async fn an_image_is_refused_by_its_header() {
    for (image, says) in [
        (Vec::new(), "The image is empty"),
        (
            b"GIF89a....".to_vec(),
            "The image is a GIF picture, neither a JPEG nor a PNG.",
        ),
        (png(640, 480, 41)[..20].to_vec(), "no readable PNG header"),
        (
            png(119, 480, 60),
            "119x480 pixels; each side must be 120 to 4096",
        ),
        (png(640, 4097, 60), "640x4097"),
    ] {
        let received = receive(FORM_TYPE, &form(&[("image", &image)])).await;
        assert_refused(received, Code::InvalidFrameFormat, says);
    }
}

#[tokio::test]
async fn an_image_that_is_sent_as_text_is_refused_by_that_name() {
    for (name, image, says) in [
        ("image", "data:image/jpeg;base64,/9j/4AAQ", "base64 text"),
        ("image", "/9j/4AAQ", "base64 text"),
        (
            "image\r\nContent-Transfer-Encoding: Base64",
            "/9j/4AAQ",
            "Content-Transfer-Encoding \"Base64\"",
        ),
    ] {
        let received = receive(FORM_TYPE, &form(&[(name, image.as_bytes())])).await;
        assert_refused(received, Code::InvalidFrameFormat, says);
    }
    let plain = "image\r\nContent-Transfer-Encoding: Binary";
    let image = png(640, 480, 200);
    assert!(receive(FORM_TYPE, &form(&[(plain, &image)])).await.is_ok());
}

#[tokio::test]
async fn an_image_may_have_ten_mebibytes_and_the_form_little_more() {
    let largest = png(640, 480, MAX_FRAME_BYTES);
    let received = receive(FORM_TYPE, &form(&[("image", &largest)])).await;
    assert_eq!(
        received.expect("10 MiB").image.bytes().len(),
        MAX_FRAME_BYTES
    );
    let larger = png(640, 480, MAX_FRAME_BYTES + 1);
    let small = png(640, 480, 200);
    for fields in [
        [("image", larger.as_slice()), ("x", b"")],
        [("image", &small), ("x", &[b'x'; MAX_FORM_BYTES])],
    ] {
        let received = receive(FORM_TYPE, &form(&fields)).await;
        assert_refused(received, Code::FrameTooLarge, "10 MiB");
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_refused_with_what_to_fix() {
    let image = png(640, 480, 200);
    let whole = form(&[("image", &image)]);
    for content_type in [
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary",
    ] {
        let received = receive(content_type, &whole).await;
        assert_refused(received, Code::InvalidInput, "names no boundary");
    }
    let end = whole.len() - "--\r\n".len();
    let another = "multipart/form-data; boundary=another";
    for (content_type, body, says) in [
        (
            another,
            whole.as_slice(),
            "no line with the boundary that Content-Type names, \"another\"",
        ),
        (FORM_TYPE, &image, "no line with the boundary"),
        (FORM_TYPE, b"{\"image\":\"\"}", "no line with the boundary"),
        (FORM_TYPE, b"--AaB03x", "no line with the boundary"),
        (
            FORM_TYPE,
            b"--AaB03x\r\nno header\r\n\r\n\r\n--AaB03x--\r\n",
            "must be Name: value",
        ),
        (FORM_TYPE, &whole[..30], "breaks off"),
        (FORM_TYPE, &whole[..100], "breaks off"),
        (FORM_TYPE, &whole[..end - 10], "breaks off"),
        (FORM_TYPE, &whole[..end], "The boundary is \"AaB03x\""),
    ] {
        let received = receive(content_type, body).await;
        assert_refused(received, Code::InvalidInput, says);
    }
    for (content_type, says) in [
        ("", "as multipart/form-data; it has no Content-Type"),
        (
            "image/jpeg",
            "as multipart/form-data; its Content-Type is \"image/jpeg\"",
        ),
        (
            "multipart/mixed; boundary=AaB03x",
            "\"multipart/mixed; boundary=AaB03x\"",
        ),
        ("application/json", "\"application/json\""),
    ] {
        let received = receive(content_type, &whole).await;
        assert_refused(received, Code::UnsupportedMediaType, says);
    }
}

/// An API that takes frames and answers with their size.
struct Frames;

#[OpenApi]
impl Frames {
    /// Take a frame
    #[oai(path = "/frame", method = "post")]
    async fn frame(&self, frame: FrameUpload) -> PlainText<String> {
        PlainText(frame.image.bytes().len().to_string())
    }
}

fn service() -> OpenApiService<Frames, ()> {
    OpenApiService::new(Frames, "Frames", "1")
}

fn app(state: Arc<AppState>) -> impl Endpoint {
    Route::new()
        .nest("/", service())
        .with(poem::middleware::AddData::new(state))
        .with(Boundary {
            methods: Methods::default(),
            metrics: Metrics::default(),
        })
}

/// Serves [`Frames`] until the runtime ends; returns its address.
async fn serve() -> std::net::SocketAddr {
    let folder = tempfile::tempdir().unwrap();
    let config = ServerConfig::default();
    let audit = AuditTarget::File(folder.path().join("audit.jsonl"));
    let services = Services::in_memory(Thresholds::default());
    let state = AppState {
        receipts: Arc::new(Receipts::open(&config.receipts, &services).unwrap()),
        services,
        keys: Arc::new(LiveKeys::open(&folder.path().join("keys.toml")).unwrap()),
        admissions: Admissions::new(config.lease_margin),
        uploads: Uploads::new(config.max_upload_mib),
        live_uploads: Uploads::new(config.max_upload_mib),
        in_flight: InFlight::default(),
        audit: Audit::open(&audit, 1, Metrics::default()).unwrap().0,
        config,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limits = Limits {
        head: state.config.head_timeout,
        idle: state.config.head_timeout,
    };
    let address = listener.local_addr().unwrap();
    let (app, grace) = (app(Arc::new(state)), Duration::ZERO);
    tokio::spawn(async move {
        let (_trigger, stop) = Shutdown::new();
        listener::serve(listener, app, 8, limits, stop, grace).await;
    });
    address
}

/// Sends a head and the pieces of a body one by one; returns the answer's status and body.
async fn post(framing: &str, pieces: &[&[u8]], end: bool) -> (String, Value) {
    let mut stream = TcpStream::connect(serve().await).await.unwrap();
    let head = format!(
        "POST /frame HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_TYPE}\r\nConnection: close\r\n{framing}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in pieces {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    if end {
        stream.shutdown().await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head["HTTP/1.1 ".len()..][..3].to_owned(),
        serde_json::from_str(body).unwrap_or(Value::Null),
    )
}

#[tokio::test]
async fn a_form_that_comes_in_pieces_is_put_together() {
    let whole = form(&[("image", &png(640, 480, 700))]);
    let framing = format!("Content-Length: {}", whole.len());
    let pieces: Vec<&[u8]> = whole.chunks(7).collect();
    let (status, length) = post(&framing, &pieces, false).await;
    assert_eq!((status.as_str(), length), ("200", 700.into()));
}

#[tokio::test]
async fn what_the_head_tells_is_refused_before_any_of_the_body() {
    for (framing, status, code) in [
        (
            format!("Content-Length: {}", MAX_FORM_BYTES + 1),
            "413",
            "FRAME_TOO_LARGE",
        ),
        (
            "Content-Encoding: gzip\r\nContent-Length: 200".to_owned(),
            "415",
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ] {
        let (answered, body) = post(&framing, &[], false).await;
        assert_eq!((answered.as_str(), &body["code"]), (status, &code.into()));
    }
}

#[tokio::test]
async fn a_form_of_unknown_length_is_refused_once_it_is_over_the_limit() {
    let chunk = [b"100000\r\n".as_slice(), &[b' '; 1 << 20], b"\r\n"].concat();
    let chunks = [chunk.as_slice(); 11];
    let (status, body) = post("Transfer-Encoding: chunked", &chunks, false).await;
    assert_eq!(
        (status.as_str(), &body["code"]),
        ("413", &"FRAME_TOO_LARGE".into())
    );
}

#[tokio::test]
async fn a_form_that_breaks_off_on_its_way_is_400() {
    let whole = form(&[("image", &png(640, 480, 700))]);
    let framing = format!("Content-Length: {}", whole.len());
    let (status, body) = post(&framing, &[&whole[..500]], true).await;
    assert_eq!(
        (status.as_str(), &body["code"]),
        ("400", &"INVALID_INPUT".into())
    );
    assert!(body["error"].as_str().unwrap().contains("broke off"));
}

#[test]
fn the_document_says_that_it_is_a_form_with_an_image() {
    let document: Value = serde_json::from_str(&service().spec()).unwrap();
    let body = &document["paths"]["/frame"]["post"]["requestBody"];
    assert_eq!(body["required"], true);
    let schema = &body["content"][CONTENT_TYPE]["schema"];
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["required"], serde_json::json!(["image"]));
    let image = &schema["properties"]["image"];
    assert_eq!(
        (&image["type"], &image["format"]),
        (&"string".into(), &"binary".into())
    );
}
