//! The demo page at `/demo`, which tries both APIs with a browser's camera.
//!
//! Its files are built into the binary. They are the plain HTML, CSS and JavaScript files of this
//! folder. They load nothing from elsewhere, which the content security policy enforces.

use poem::endpoint::make_sync;
use poem::http::header;
use poem::{Response, Route, get};

use crate::http::methods::Methods;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The files served: path, content type, content.
const FILES: [(&str, &str, &str); 23] = [
    ("/demo", HTML, include_str!("index.html")),
    ("/demo/", HTML, include_str!("index.html")),
    ("/demo/page.css", CSS, include_str!("page.css")),
    ("/demo/controls.css", CSS, include_str!("controls.css")),
    ("/demo/stage.css", CSS, include_str!("stage.css")),
    ("/demo/verdict.css", CSS, include_str!("verdict.css")),
    ("/demo/phone.css", CSS, include_str!("phone.css")),
    ("/demo/announce.js", JS, include_str!("announce.js")),
    ("/demo/api.js", JS, include_str!("api.js")),
    ("/demo/camera.js", JS, include_str!("camera.js")),
    ("/demo/capture.js", JS, include_str!("capture.js")),
    ("/demo/dom.js", JS, include_str!("dom.js")),
    ("/demo/live.js", JS, include_str!("live.js")),
    ("/demo/main.js", JS, include_str!("main.js")),
    ("/demo/pictures.js", JS, include_str!("pictures.js")),
    ("/demo/plan.js", JS, include_str!("plan.js")),
    ("/demo/pump.js", JS, include_str!("pump.js")),
    ("/demo/settings.js", JS, include_str!("settings.js")),
    ("/demo/tabs.js", JS, include_str!("tabs.js")),
    ("/demo/time.js", JS, include_str!("time.js")),
    ("/demo/verdict.js", JS, include_str!("verdict.js")),
    ("/demo/words.js", JS, include_str!("words.js")),
    ("/demo/workbench.js", JS, include_str!("workbench.js")),
];

/// The page holds an API key and shows a face. So it may run only its own files, call only this server,
/// and be framed by no other page. Pictures are made in the page (`data:`, `blob:`).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Adds the page and its files to the routes.
pub fn add(route: Route, methods: &mut Methods) -> Route {
    FILES.iter().fold(route, |route, (path, kind, content)| {
        methods.add(path, &["GET"]);
        route.at(*path, get(make_sync(|_| file(kind, content))))
    })
}

fn file(content_type: &str, content: &'static str) -> Response {
    Response::builder()
        .content_type(content_type)
        .header(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)
        .header("permissions-policy", "camera=(self)")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "no-referrer")
        // Browsers must revalidate: after an update, a page of one version must not load modules of
        // another.
        .header(header::CACHE_CONTROL, "no-cache")
        .body(content)
}
