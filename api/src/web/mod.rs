//! The component `<livegate-check>` at `/web`, for the pages of integrators.
//!
//! Its files are built into the binary, from the folder `web/`. Each has two addresses: a short one, whose
//! content changes with the service, and one with the version, whose content never changes.

mod bundle;

use std::sync::LazyLock;

use poem::endpoint::make_sync;
use poem::http::header;
use poem::{Request, Response, Route, get};
use sha2::{Digest, Sha256, Sha384};

use crate::error::ApiError;
use crate::http::methods::Methods;

const JS: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// Path of the component's one module, below `/web/` or `/web/{version}/`.
const MODULE: &str = "livegate-check.js";

/// Files beside the module: path, content type, content.
const BESIDE: [(&str, &str, &str); 13] = [
    (
        "src/encode-worker.js",
        JS,
        include_str!("../../../web/src/encode-worker.js"),
    ),
    (
        "i18n/ar.json",
        JSON,
        include_str!("../../../web/i18n/ar.json"),
    ),
    (
        "i18n/de.json",
        JSON,
        include_str!("../../../web/i18n/de.json"),
    ),
    (
        "i18n/en.json",
        JSON,
        include_str!("../../../web/i18n/en.json"),
    ),
    (
        "i18n/es.json",
        JSON,
        include_str!("../../../web/i18n/es.json"),
    ),
    (
        "i18n/fr.json",
        JSON,
        include_str!("../../../web/i18n/fr.json"),
    ),
    (
        "i18n/hi.json",
        JSON,
        include_str!("../../../web/i18n/hi.json"),
    ),
    (
        "i18n/it.json",
        JSON,
        include_str!("../../../web/i18n/it.json"),
    ),
    (
        "i18n/nl.json",
        JSON,
        include_str!("../../../web/i18n/nl.json"),
    ),
    (
        "i18n/pl.json",
        JSON,
        include_str!("../../../web/i18n/pl.json"),
    ),
    (
        "i18n/pt.json",
        JSON,
        include_str!("../../../web/i18n/pt.json"),
    ),
    (
        "i18n/tr.json",
        JSON,
        include_str!("../../../web/i18n/tr.json"),
    ),
    (
        "i18n/zh.json",
        JSON,
        include_str!("../../../web/i18n/zh.json"),
    ),
];

/// How long browsers keep a file of the short address, in which a new version of the service must show soon.
const SHORT: &str = "public, max-age=300";
/// The same for an address with a version (RFC 8246).
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The component as this binary has it.
pub struct Component {
    /// The module.
    module: String,
    /// The version in addresses: 16 hexadecimal digits, from a hash of all files.
    pub version: String,
    /// The module's hash for an `integrity` attribute: `sha384-…`
    /// ([SRI](https://www.w3.org/TR/SRI/)).
    pub integrity: String,
}

impl Component {
    /// The component. It is put together once.
    pub fn get() -> &'static Self {
        static COMPONENT: LazyLock<Component> = LazyLock::new(Component::build);
        &COMPONENT
    }

    fn build() -> Self {
        let module = bundle::bundle();
        let mut all = Sha256::new_with_prefix(&module);
        for (_, _, content) in BESIDE {
            all.update(content);
        }
        let version = all
            .finalize()
            .into_iter()
            .take(8)
            .map(|b| format!("{b:02x}"));
        let hash = base64_simd::STANDARD.encode_to_string(Sha384::digest(&module));
        Self {
            version: version.collect(),
            integrity: format!("sha384-{hash}"),
            module,
        }
    }

    /// The module's address with the version, below the service's own address.
    pub fn versioned_path(&self) -> String {
        format!("/web/{}/{MODULE}", self.version)
    }
}

/// Adds the component's files to the routes.
pub fn add(route: Route, methods: &mut Methods) -> Route {
    let component = Component::get();
    let module = (MODULE, JS, component.module.as_str());
    [module]
        .into_iter()
        .chain(BESIDE)
        .fold(route, |route, (path, kind, content)| {
            // Metrics and traces name the template, which does not change with the version.
            for template in [format!("/web/{path}"), format!("/web/{{version}}/{path}")] {
                methods.add(&template, &["GET"]);
            }
            let versioned = move |request: Request| -> poem::Result<Response> {
                let version: String = request.path_params()?;
                if version == component.version {
                    Ok(file(kind, content, FOREVER))
                } else {
                    Err(ApiError::NotFound.into())
                }
            };
            let short = make_sync(move |_| file(kind, content, SHORT));
            route
                .at(format!("/web/{path}"), get(short))
                .at(format!("/web/:version/{path}"), get(make_sync(versioned)))
        })
}

fn file(content_type: &str, content: &'static str, cache: &str) -> Response {
    Response::builder()
        .content_type(content_type)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        // Module scripts of other origins are fetched with CORS. The files are the same for everybody.
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        // Pages that isolate themselves take files only from those that agree.
        .header("cross-origin-resource-policy", "cross-origin")
        .header(header::CACHE_CONTROL, cache)
        .body(content)
}
