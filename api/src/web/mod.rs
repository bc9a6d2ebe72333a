//! The component `<livegate-check>` at `/web`, for the pages of integrators.
//!
//! Its files are built into the binary, from the folder `web/`. Each has two addresses: a short one, whose
//! content changes with the service, and one with the version, whose content never changes.

mod bundle;

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{HeaderMap, header};
use poem::{Endpoint, Request, Response, Route, get};
use sha2::{Digest, Sha256, Sha384};

use crate::error::ApiError;
use crate::http::methods::Methods;

/// Path of the component's one module, below `/web/` or `/web/{version}/`.
const MODULE: &str = "livegate-check.js";
/// Path of its worker.
const WORKER: &str = "src/encode-worker.js";

const JS: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// Files of languages, by the names that they have in `web/`: path and content.
macro_rules! languages {
    ($($name:literal)*) => {
        [$((concat!("i18n/", $name, ".json"), include_str!(concat!("../../../web/i18n/", $name, ".json")))),*]
    };
}
const LANGUAGES: [(&str, &str); 12] =
    languages!("ar" "de" "en" "es" "fr" "hi" "it" "nl" "pl" "pt" "tr" "zh");

/// How long browsers keep a file of the short address, in which a new version of the service must show soon.
const SHORT: &str = "public, max-age=300";
/// The same for an address with a version (RFC 8246).
const FOREVER: &str = "public, max-age=31536000, immutable";

/// One file of the component.
struct File {
    path: &'static str,
    content_type: &'static str,
    content: String,
    /// The content for browsers that take gzip; `None` where it could not be made.
    gzip: Option<Vec<u8>>,
}

impl File {
    fn new(path: &'static str, content_type: &'static str, content: String) -> Self {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let written = gzip.write_all(content.as_bytes());
        Self {
            path,
            content_type,
            gzip: written.and_then(|()| gzip.finish()).ok(),
            content,
        }
    }

    fn answer(&'static self, asked: &HeaderMap, cache: &str) -> Response {
        let answer = Response::builder()
            .content_type(self.content_type)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            // Module scripts of other origins are fetched with CORS. The files are the same for everybody.
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            // Pages that isolate themselves take files only from those that agree.
            .header("cross-origin-resource-policy", "cross-origin")
            .header(header::VARY, "accept-encoding")
            .header(header::CACHE_CONTROL, cache);
        match &self.gzip {
            Some(gzip) if takes_gzip(asked) => answer
                .header(header::CONTENT_ENCODING, "gzip")
                .body(gzip.as_slice()),
            _ => answer.body(self.content.as_str()),
        }
    }
}

/// Whether the caller takes gzip (RFC 9110, section 12.5.3). A weight of 0 means no; other weights do not matter,
/// since there is no second encoding to choose.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.into_iter().any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .and_then(|q| q.parse::<f32>().ok());
        is_gzip && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// The component as this binary has it.
pub struct Component {
    files: Vec<File>,
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
        let hash = base64_simd::STANDARD.encode_to_string(Sha384::digest(&module));
        let worker = include_str!("../../../web/src/encode-worker.js");
        let mut files = vec![
            File::new(MODULE, JS, module),
            File::new(WORKER, JS, worker.to_owned()),
        ];
        files.extend(LANGUAGES.map(|(path, texts)| File::new(path, JSON, texts.to_owned())));
        let mut all = Sha256::new();
        for file in &files {
            all.update(&file.content);
        }
        let digits = all
            .finalize()
            .into_iter()
            .take(8)
            .map(|b| format!("{b:02x}"));
        Self {
            files,
            version: digits.collect(),
            integrity: format!("sha384-{hash}"),
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
    component.files.iter().fold(route, |route, file| {
        // Metrics and traces name the template, which does not change with the version.
        for template in [
            format!("/web/{}", file.path),
            format!("/web/{{version}}/{}", file.path),
        ] {
            methods.add(&template, &["GET"]);
        }
        route
            .at(
                format!("/web/{}", file.path),
                get(Served {
                    file,
                    version: None,
                }),
            )
            .at(
                format!("/web/:version/{}", file.path),
                get(Served {
                    file,
                    version: Some(&component.version),
                }),
            )
    })
}

/// A file at one of its addresses.
struct Served {
    file: &'static File,
    /// The version that the address must have; `None`: the short address.
    version: Option<&'static str>,
}

impl Endpoint for Served {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(version) = self.version else {
            return Ok(self.file.answer(request.headers(), SHORT));
        };
        let asked: String = request.path_params()?;
        if asked == version {
            Ok(self.file.answer(request.headers(), FOREVER))
        } else {
            Err(ApiError::NotFound.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (value, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("br, zstd", false),
            ("x-gzipped", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(takes_gzip(&headers), takes, "{value:?}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
