//! Lends a key to the demo page, so that a person at the machine need not make one first.
//!
//! Anybody who gets such a key can use the service as far as its small limits allow. So it is lent only in an
//! embedded service that listens on a loopback address, and only to a request that can come from nothing but
//! the page itself, opened on this machine:
//!
//! - `Host` names this machine. A page of another site whose name resolves to 127.0.0.1 (DNS rebinding) sends its
//!   own name.
//! - `Origin` is the origin of that host. Browsers send it with every POST, and pages cannot set it: a page of
//!   another site, or of another port of this machine, sends its own (CSRF).
//! - There is no header of a proxy: its callers are elsewhere.

use poem::Request;
use poem::http::{HeaderMap, header};

/// Headers that proxies add.
const OF_PROXIES: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Whether a request comes from the demo page, opened on this machine.
pub fn is_from_own_page(request: &Request) -> bool {
    is_own(request.headers())
}

fn is_own(headers: &HeaderMap) -> bool {
    let Some(host) = only(headers, header::HOST.as_str()) else {
        return false;
    };
    let is_same_origin = only(headers, header::ORIGIN.as_str())
        .and_then(|origin| origin.strip_prefix("http://"))
        .is_some_and(|origin| origin == host);
    let site = headers.get("sec-fetch-site");
    names_this_machine(host)
        && is_same_origin
        && site.is_none_or(|site| site == "same-origin")
        && !OF_PROXIES.iter().any(|name| headers.contains_key(*name))
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Whether a `Host` header, with or without a port, names this machine.
fn names_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        given
            .iter()
            .map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_key_is_lent_to_the_page_itself_on_this_machine_alone() {
        for host in [
            "localhost:8000",
            "127.0.0.1:8000",
            "[::1]:8000",
            "localhost",
        ] {
            let origin = format!("http://{host}");
            let mut own = HeaderMap::new();
            own.insert("host", host.parse().unwrap());
            own.insert("origin", origin.parse().unwrap());
            assert!(is_own(&own), "{host}");
            own.insert("sec-fetch-site", "same-origin".parse().unwrap());
            assert!(is_own(&own), "{host}");
        }
        let page = [
            ("host", "localhost:8000"),
            ("origin", "http://localhost:8000"),
        ];
        for more in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("x-forwarded-for", "203.0.113.9"),
            ("forwarded", "for=203.0.113.9"),
            ("via", "1.1 proxy"),
            ("x-real-ip", "203.0.113.9"),
        ] {
            assert!(
                !is_own(&headers(&[page.as_slice(), &[more]].concat())),
                "{more:?}"
            );
        }
        for (host, origin) in [
            // DNS rebinding.
            ("evil.example:8000", "http://evil.example:8000"),
            ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example"),
            (
                "localhost.evil.example:8000",
                "http://localhost.evil.example:8000",
            ),
            // CSRF, from another site and from another port of this machine.
            ("localhost:8000", "http://evil.example"),
            ("localhost:8000", "http://localhost:3000"),
            ("localhost:8000", "http://127.0.0.1:8000"),
            ("localhost:8000", "https://localhost:8000"),
            ("localhost:8000", "null"),
            ("", "http://"),
        ] {
            assert!(
                !is_own(&headers(&[("host", host), ("origin", origin)])),
                "{host} {origin}"
            );
        }
        assert!(
            !is_own(&headers(&[("host", "localhost:8000")])),
            "no origin"
        );
        let mut twice = headers(&page);
        twice.append("host", "evil.example".parse().unwrap());
        assert!(!is_own(&twice));
    }
}
