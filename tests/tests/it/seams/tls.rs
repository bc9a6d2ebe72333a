//! TLS that cannot be trusted, or that does not come about: no connection, and a log line that says what to do.

use livegate_common::broker::BrokerAddresses;
use livegate_common::tls::{AMQP_TLS, Tls};
use livegate_tests::servers::{Certificates, RabbitMq, Redis};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{SOON, worker};

/// Starts a worker with these URLs and variables, and waits until its log has a line with each of these texts.
async fn assert_says(urls: [&str; 2], variables: &[(&str, String)], said: [&str; 2]) {
    let mut worker = worker(urls, variables);
    let mut lines = BufReader::new(worker.stderr.take().unwrap()).lines();
    let mut missing = said.to_vec();
    let mut log = String::new();
    let reading = async {
        while !missing.is_empty() {
            let line = lines.next_line().await.unwrap().expect("it goes on");
            assert!(!line.contains("guest"), "a password: {line}");
            missing.retain(|text| !line.contains(text));
            log += &line;
            log.push('\n');
        }
    };
    let heard = tokio::time::timeout(SOON, reading).await;
    assert!(heard.is_ok(), "{missing:?} is not in:\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_cannot_be_trusted_is_refused_and_the_log_says_what_to_do() {
    let certificates = Certificates::make();
    let rabbitmq = RabbitMq::start_tls(&certificates, true);
    let redis = Redis::start_tls(&certificates, true);
    let (amqps, rediss) = (rabbitmq.tls_url(), redis.tls_url());
    let both = [amqps.as_str(), &rediss];
    let path = |path: std::path::PathBuf| path.display().to_string();
    let files = |ca: &str, client: Option<&str>| {
        let mut variables = Vec::new();
        for [ca_file, certificate, key] in [
            [
                "LIVEGATE_AMQP_CA_FILE",
                "LIVEGATE_AMQP_CERT_FILE",
                "LIVEGATE_AMQP_KEY_FILE",
            ],
            [
                "LIVEGATE_REDIS_CA_FILE",
                "LIVEGATE_REDIS_CERT_FILE",
                "LIVEGATE_REDIS_KEY_FILE",
            ],
        ] {
            variables.push((ca_file, path(certificates.certificate(ca))));
            if let Some(client) = client {
                variables.push((certificate, path(certificates.certificate(client))));
                variables.push((key, path(certificates.key(client))));
            }
        }
        variables
    };
    let right = files("ca", Some("client"));

    // What is right works, so that each refusal below is due to the one thing that differs.
    assert_says(
        both,
        &right,
        ["The consumer is connected", "The consumer is connected"],
    )
    .await;
    assert_says(
        both,
        &files("other-ca", Some("client")),
        [
            "LIVEGATE_AMQP_CA_FILE must name the file of its authority",
            "LIVEGATE_REDIS_CA_FILE must name the file of its authority",
        ],
    )
    .await;
    // Their certificates are for 127.0.0.1.
    let elsewhere = both.map(|url| url.replace("127.0.0.1", "localhost"));
    assert_says(
        [&elsewhere[0], &elsewhere[1]],
        &right,
        [
            "LIVEGATE_AMQP_URL must name the host as the certificate does",
            "LIVEGATE_REDIS_URL must name the host as the certificate does",
        ],
    )
    .await;
    assert_says(
        both,
        &files("ca", None),
        [
            "LIVEGATE_AMQP_CERT_FILE and LIVEGATE_AMQP_KEY_FILE must name",
            "LIVEGATE_REDIS_CERT_FILE and LIVEGATE_REDIS_KEY_FILE must name",
        ],
    )
    .await;
    assert_says(
        both,
        &files("ca", Some("stranger")),
        [
            "refuse the certificate that LIVEGATE_AMQP_CERT_FILE names",
            "refuse the certificate that LIVEGATE_REDIS_CERT_FILE names",
        ],
    )
    .await;
    // TLS at the port without, and the other way round.
    let (amqp, plain_redis) = (rabbitmq.url(), redis.url());
    let at_plain_ports = [
        amqp.replace("amqp:", "amqps:"),
        plain_redis.replace("redis:", "rediss:"),
    ];
    assert_says(
        [&at_plain_ports[0], &at_plain_ports[1]],
        &right,
        [
            "LIVEGATE_AMQP_URL must name its TLS port",
            "LIVEGATE_REDIS_URL must name its TLS port",
        ],
    )
    .await;
    let in_the_clear = [
        amqps.replace("amqps:", "amqp:"),
        rediss.replace("rediss:", "redis:"),
    ];
    assert_says(
        [&in_the_clear[0], &in_the_clear[1]],
        &[],
        [
            "LIVEGATE_AMQP_URL must begin with amqps://",
            "LIVEGATE_REDIS_URL must begin with rediss://",
        ],
    )
    .await;
}

#[test]
fn files_that_cannot_be_used_are_named_with_their_variable() {
    let certificates = Certificates::make();
    let path = |path: std::path::PathBuf| path.display().to_string();
    let (ca, client) = (
        path(certificates.certificate("ca")),
        path(certificates.certificate("client")),
    );
    let (key, other_key) = (
        path(certificates.key("client")),
        path(certificates.key("server")),
    );
    let [ca_file, certificate, key_file] = [AMQP_TLS.ca, AMQP_TLS.certificate, AMQP_TLS.key];
    let parse = |url: &str, files: &[(&str, &str)]| {
        let of = |name: &str| files.iter().find(|(variable, _)| *variable == name);
        let tls = Tls::read(AMQP_TLS, |name| {
            of(name).map(|(_, file)| (*file).to_owned())
        })?;
        BrokerAddresses::parse(url, &tls)
    };
    let (with_tls, without) = ("amqps://:secret@host", "amqp://:secret@host");
    let all = [
        (ca_file, ca.as_str()),
        (certificate, &client),
        (key_file, &key),
    ];
    parse(with_tls, &all).unwrap();
    for (url, files, told) in [
        (with_tls, vec![(ca_file, "/none")], [ca_file, "/none"]),
        (with_tls, vec![(ca_file, key.as_str())], [ca_file, "PEM"]),
        (
            with_tls,
            vec![(certificate, "/none"), all[2]],
            [certificate, "/none"],
        ),
        (
            with_tls,
            vec![all[1], (key_file, &ca)],
            [key_file, "a private key"],
        ),
        (with_tls, vec![all[1]], [certificate, key_file]),
        (with_tls, vec![all[2]], [key_file, certificate]),
        (
            with_tls,
            vec![all[1], (key_file, &other_key)],
            [certificate, key_file],
        ),
        (without, vec![all[0]], [ca_file, "amqps://"]),
        (without, vec![all[1], all[2]], [certificate, "amqps://"]),
    ] {
        let error = parse(url, &files).unwrap_err().to_string();
        assert!(
            told.iter().all(|text| error.contains(text)),
            "{told:?}: {error}"
        );
        assert!(
            !error.contains("secret") && !error.contains("BEGIN"),
            "{error}"
        );
    }
}
