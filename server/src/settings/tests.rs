//! Tests of reading settings from variables.

use std::time::Duration;

use super::*;

fn read(vars: &[(&'static str, &str)]) -> Result<ApiSettings, SettingsError> {
    ApiSettings::read(|name| {
        vars.iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| (*v).to_owned())
    })
}

#[test]
fn nothing_set_means_the_documented_defaults() {
    let config = read(&[("LIVEGATE_KEYS", ""), ("LIVEGATE_AMQP_URL", " ")]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.server.keys, PathBuf::from("keys.toml"));
    assert_eq!(config.server.session_ttl, Duration::from_secs(300));
    assert_eq!(config.server.audit_log, AuditTarget::StandardOutput);
    assert!(matches!(config.backend, Backend::Embedded { .. }));
    assert_eq!(config.server.cors_origins, Origins::default());
    assert!(config.server.demo);
    assert_eq!(config.server.metrics_listen, None);
    assert!(!config.models.allow_unconfined_clips);
}

#[test]
fn an_embedded_service_makes_its_own_signing_key_and_a_distributed_one_has_none() {
    let embedded = read(&[("LIVEGATE_KEYS", "/keys/keys.toml")]).unwrap();
    let receipts = embedded.server.receipts;
    let own = Some(PathBuf::from("/keys/signing-keys.json"));
    assert_eq!((receipts.signing_keys, receipts.makes_keys), (own, true));
    let named = read(&[("LIVEGATE_SIGNING_KEY", "k.pem")]).unwrap();
    let receipts = named.server.receipts;
    let named = Some(PathBuf::from("k.pem"));
    assert_eq!((receipts.signing_keys, receipts.makes_keys), (named, false));
    for key in [r#"{"kty":"OKP"}"#, "-----BEGIN PRIVATE KEY-----\nMC4"] {
        let error = read(&[("LIVEGATE_SIGNING_KEY", key)]).unwrap_err();
        assert_eq!(error, SettingsError::SigningKey);
        assert!(!error.to_string().contains("MC4"));
    }
}

#[test]
fn a_bad_value_is_named_with_what_is_allowed() {
    for (name, value, allowed) in [
        ("LIVEGATE_LISTEN", "8000", "an IP address and a port"),
        ("LIVEGATE_SESSION_TTL_SECONDS", "0", "from 1 to 3600"),
        ("LIVEGATE_VERIFY_TIMEOUT_SECONDS", "ten", "from 1 to 300"),
        ("LIVEGATE_MAX_UPLOAD_MB", "35", "from 36 to 1000000"),
        ("LIVEGATE_WORKER_THREADS", "0", "from 1 to 256"),
        ("LIVEGATE_DEMO", "yes", "on or off"),
        ("LIVEGATE_ALLOW_UNCONFINED_CLIPS", "true", "on or off"),
        ("LIVEGATE_METRICS_LISTEN", "9464", "an address and a port"),
        (
            "LIVEGATE_CORS_ORIGINS",
            "https://app.example.com/",
            "https://app.example.com",
        ),
    ] {
        let error = read(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(value), "{error}");
        assert!(error.contains(allowed), "{error}");
    }
}

#[test]
fn broker_and_store_come_together_and_with_a_key() {
    let (amqp, redis) = ("LIVEGATE_AMQP_URL", "LIVEGATE_REDIS_URL");
    let alone = read(&[(amqp, "amqp://u:secret@h")]).unwrap_err();
    assert_eq!(
        alone,
        SettingsError::Alone {
            set: amqp,
            missing: redis
        }
    );
    assert!(read(&[(redis, "redis://h")]).is_err());
    let both = [(amqp, "amqp://u:secret@h"), (redis, "redis://h")];
    assert_eq!(read(&both).unwrap_err(), SettingsError::SealKey);
    let bad = [both[0], both[1], ("LIVEGATE_SEAL_KEY", "hunter2")];
    assert!(!read(&bad).unwrap_err().to_string().contains("hunter2"));
    let key = base64_simd::STANDARD.encode_to_string([7; 32]);
    let good = [both[0], both[1], ("LIVEGATE_SEAL_KEY", key.as_str())];
    let config = read(&good).unwrap();
    assert!(!config.server.demo, "it is for one machine");
    assert!(!config.server.lends_demo_key);
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn secrets_may_be_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{content}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let amqp = file("amqp", "amqp://u:secret@h");
    let redis = file("redis", "redis://h");
    let key = file("key", &base64_simd::STANDARD.encode_to_string([7; 32]));
    let files = [
        ("LIVEGATE_AMQP_URL_FILE", amqp.as_str()),
        ("LIVEGATE_REDIS_URL_FILE", redis.as_str()),
        ("LIVEGATE_SEAL_KEY_FILE", key.as_str()),
    ];
    let Backend::Distributed { servers, .. } = read(&files).unwrap().backend else {
        panic!("both URLs are there");
    };
    assert_eq!(format!("{:?}", servers.brokers), r#"["h:5672"]"#);
    let twice = [files.as_slice(), &[("LIVEGATE_SEAL_KEY", "hunter2")]].concat();
    let error = read(&twice).unwrap_err().to_string();
    assert!(error.contains("LIVEGATE_SEAL_KEY_FILE"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn the_demo_gets_a_key_where_nobody_else_can_reach_it() {
    for (variables, lends) in [
        (&[][..], true),
        (&[("LIVEGATE_LISTEN", "[::1]:8000")], true),
        (&[("LIVEGATE_LISTEN", "0.0.0.0:8000")], false),
        (&[("LIVEGATE_LISTEN", "192.168.0.10:8000")], false),
        (&[("LIVEGATE_DEMO", "off")], false),
    ] {
        let config = read(variables).unwrap();
        assert_eq!(config.server.lends_demo_key, lends, "{variables:?}");
    }
}

#[test]
fn the_demo_is_on_or_off_as_it_is_asked_for() {
    for (value, on) in [("on", true), ("off", false)] {
        let config = read(&[("LIVEGATE_DEMO", value)]).unwrap();
        assert_eq!(config.server.demo, on);
    }
}
