//! Origins of web pages, as an operator lists them in the settings.

use std::str::FromStr;

use poem::http::{HeaderValue, Uri};

/// Origins whose pages may use a session from a browser. By default only the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every origin. Not unsafe by itself, since the token is a secret and not a cookie, but the
    /// operator must choose it.
    Any,
    /// The listed origins, each as browsers write it.
    Listed(Vec<String>),
}

impl Origins {
    /// The format of a list of origins, for error messages.
    pub const FORM: &'static str = "origins as browsers send them, separated by commas, each scheme://host[:port] with no path, no slash at its end and no usual port, as in https://app.example.com; or * alone";

    /// The value of `Access-Control-Allow-Origin` for this origin; `None` when it is not allowed.
    pub fn allow(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match self {
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Listed(origins) => {
                let is_listed = origins.iter().any(|o| o.as_bytes() == origin.as_bytes());
                is_listed.then(|| origin.clone())
            }
        }
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// An entry of the list that is not an origin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no origin")]
pub struct NoOrigin;

impl FromStr for Origins {
    type Err = NoOrigin;

    fn from_str(list: &str) -> Result<Self, NoOrigin> {
        if list.trim() == "*" {
            return Ok(Self::Any);
        }
        let origins = list.split(',').map(|text| origin(text.trim()));
        let origins = origins.collect::<Option<_>>().ok_or(NoOrigin)?;
        Ok(Self::Listed(origins))
    }
}

/// The origin in `text`, if it is in the exact form that browsers send. Any other form would silently
/// never match.
fn origin(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let uri: Uri = text.parse().ok()?;
    let (scheme, host) = (uri.scheme_str()?, uri.host()?);
    let usual_port = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let port = uri.port_u16();
    let whole = match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    let is_usual = port.is_some() && port == usual_port;
    let is_origin = whole == text && !is_usual && !host.is_empty() && !host.contains('*');
    is_origin.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        let listed = |origins: &[&str]| {
            Ok(Origins::Listed(
                origins.iter().map(|o| (*o).to_owned()).collect(),
            ))
        };
        for (text, origins) in [
            ("*", Ok(Origins::Any)),
            (" * ", Ok(Origins::Any)),
            (
                "https://app.example.com",
                listed(&["https://app.example.com"]),
            ),
            (
                "https://a.example, HTTP://B.example:8080",
                listed(&["https://a.example", "http://b.example:8080"]),
            ),
            ("http://[::1]:3000", listed(&["http://[::1]:3000"])),
            // The origins of apps that are web pages.
            ("capacitor://localhost", listed(&["capacitor://localhost"])),
        ] {
            assert_eq!(text.parse(), origins, "{text}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for text in [
            "https://a.example/",
            "https://a.example/page",
            "https://a.example?x",
            "https://a.example#x",
            "https://me@a.example",
            "https://a.example:443",
            "http://a.example:80",
            "https://a.example:099",
            "https://a.example:70000",
            "https://a.example:",
            "https://*.example",
            "https://",
            "a.example",
            "//a.example",
            "https://größe.example",
            "https://a.example https://b.example",
            "https://a.example,",
            "https://a.example,*",
            "*,*",
            "null",
            ",",
        ] {
            assert!(text.parse::<Origins>().is_err(), "{text}");
        }
    }
}
