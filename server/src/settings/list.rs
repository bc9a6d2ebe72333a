//! List of all environment variables, for `--help`.

use std::fmt::Write;

/// An environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Name of the variable.
    pub name: &'static str,
    /// What it means, and its default.
    pub meaning: &'static str,
}

const fn setting(name: &'static str, meaning: &'static str) -> Setting {
    Setting { name, meaning }
}

/// Variables for measuring, read by the embedded API, the worker and `livegate-lab`.
pub const MEASURING: &[Setting] = &[
    setting(
        "LIVEGATE_MODELS",
        "folder of the prepared models [default: models/cache]",
    ),
    setting("LIVEGATE_MODEL_CONFIG", "file that replaces models, TOML"),
    setting(
        "LIVEGATE_THRESHOLDS",
        "file of thresholds, TOML [default: the shipped ones]",
    ),
    setting(
        "LIVEGATE_WORKER_THREADS",
        "inference threads [default: one a core]",
    ),
    setting(
        "LIVEGATE_ALLOW_UNCONFINED_CLIPS",
        "on: decode clips on kernels without Landlock, too [default: off]",
    ),
];

/// Variables of a worker, in addition to [`MEASURING`].
pub const WORKER: &[Setting] = &[
    setting(
        "LIVEGATE_AMQP_URL",
        "RabbitMQ, amqp://user:password@host:5672/vhost or amqps://; several with commas",
    ),
    setting(
        "LIVEGATE_REDIS_URL",
        "Redis, redis://host:6379/0, rediss:// or redis+sentinel://host,host/master/0",
    ),
    setting(
        "LIVEGATE_SEAL_KEY",
        "32 bytes in base64, the same for API and workers",
    ),
    setting(
        "LIVEGATE_AMQP_URL_FILE",
        "file that holds the URL, instead of the variable",
    ),
    setting(
        "LIVEGATE_REDIS_URL_FILE",
        "file that holds the URL, instead of the variable",
    ),
    setting(
        "LIVEGATE_SEAL_KEY_FILE",
        "file that holds the key, instead of the variable",
    ),
    setting(
        "LIVEGATE_AMQP_CA_FILE",
        "authorities of RabbitMQ's certificate, PEM [default: the system's]",
    ),
    setting(
        "LIVEGATE_AMQP_CERT_FILE",
        "client certificate for RabbitMQ, PEM [default: none]",
    ),
    setting(
        "LIVEGATE_AMQP_KEY_FILE",
        "private key of that certificate, PEM",
    ),
    setting(
        "LIVEGATE_REDIS_CA_FILE",
        "authorities of Redis's certificate, PEM [default: the system's]",
    ),
    setting(
        "LIVEGATE_REDIS_CERT_FILE",
        "client certificate for Redis, PEM [default: none]",
    ),
    setting(
        "LIVEGATE_REDIS_KEY_FILE",
        "private key of that certificate, PEM",
    ),
    setting(
        "LIVEGATE_METRICS_LISTEN",
        "address and port to read metrics from [default: nowhere]",
    ),
];

/// Variables of the API, in addition to [`MEASURING`] and [`WORKER`].
pub const API: &[Setting] = &[
    setting(
        "LIVEGATE_LISTEN",
        "address and port to serve on [default: 127.0.0.1:8000]",
    ),
    setting("LIVEGATE_KEYS", "key file, TOML [default: keys.toml]"),
    setting(
        "LIVEGATE_REDIS_REPLICAS",
        "replicas that must have a change of a session before it counts [default: 0]",
    ),
    setting(
        "LIVEGATE_SESSION_TTL_SECONDS",
        "lifetime of a session [default: 300]",
    ),
    setting(
        "LIVEGATE_VERIFY_TIMEOUT_SECONDS",
        "deadline of a verification [default: 15]",
    ),
    setting(
        "LIVEGATE_MAX_UPLOAD_MB",
        "large request bodies held at once, MiB [default: 512]",
    ),
    setting(
        "LIVEGATE_CORS_ORIGINS",
        "origins whose pages may use a client_token, or * [default: none]",
    ),
    setting(
        "LIVEGATE_DEMO",
        "on or off: the page at /demo [default: on embedded, off distributed]",
    ),
    setting(
        "LIVEGATE_AUDIT_LOG",
        "file of audit records [default: -, standard output]",
    ),
    setting(
        "LIVEGATE_SIGNING_KEY",
        "file of the Ed25519 keys that sign receipts, PEM or JWK [default: embedded: signing-keys.json beside the key file, made if missing; distributed: none]",
    ),
    setting(
        "LIVEGATE_RECEIPT_ISSUER",
        "who signs, as receipts say it [default: livegate]",
    ),
];

/// Variables of every process, for its logs.
const LOGS: &[Setting] = &[
    setting(
        "LIVEGATE_LOG",
        "filter of log lines, as in info,livegate_worker=debug [default: info]",
    ),
    setting("LIVEGATE_LOG_FORMAT", "text or json [default: text]"),
];

/// The text about the variables of these lists and those for logs, for the end of `--help`.
pub fn help(lists: &[&[Setting]]) -> String {
    let mut text = "Environment variables (docs/settings.md explains each):\n".to_owned();
    for setting in lists.iter().copied().chain([LOGS]).flatten() {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "  {:<32} {}", setting.name, setting.meaning);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use super::*;
    use crate::settings::{ApiSettings, WorkerSettings};

    fn names(lists: &[&[Setting]]) -> BTreeSet<&'static str> {
        lists.iter().copied().flatten().map(|s| s.name).collect()
    }

    fn url(name: &str) -> Option<String> {
        let value = match name {
            "LIVEGATE_AMQP_URL" => "amqp://x",
            "LIVEGATE_REDIS_URL" => "redis://x",
            "LIVEGATE_SEAL_KEY" => "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn the_list_names_exactly_what_is_read() {
        let read = RefCell::new(BTreeSet::new());
        let note = |name| {
            read.borrow_mut().insert(name);
            None
        };
        let note_and_give = |name| {
            read.borrow_mut().insert(name);
            url(name)
        };
        ApiSettings::read(note).unwrap();
        ApiSettings::read(note_and_give).unwrap();
        assert_eq!(*read.borrow(), names(&[API, WORKER, MEASURING]));
        read.borrow_mut().clear();
        assert!(WorkerSettings::read(note_and_give).is_ok());
        assert_eq!(*read.borrow(), names(&[WORKER, MEASURING]));
    }
}
