//! TLS that cannot be trusted, or that does not come about: no connection, and a log line that says what to do.

use std::process::Stdio;

use livegate_tests::fleet::{SEAL_KEY, binary};
use livegate_tests::servers::{Certificates, RabbitMq, Redis};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::soon;

/// Starts a worker with these URLs and variables, and waits until its log has a line with each of these texts.
async fn assert_says(urls: [&str; 2], variables: &[(&str, String)], said: [&str; 2]) {
    let mut worker = Command::new(binary("scripted-worker"))
        .env_clear()
        .env("LIVEGATE_AMQP_URL", urls[0])
        .env("LIVEGATE_REDIS_URL", urls[1])
        .env("LIVEGATE_SEAL_KEY", SEAL_KEY)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
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
    let heard = tokio::time::timeout(super::SOON, reading).await;
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
            "refuses the certificate that LIVEGATE_AMQP_CERT_FILE names",
            "refuses the certificate that LIVEGATE_REDIS_CERT_FILE names",
        ],
    )
    .await;
    // TLS at the port without, and the other way round.
    let (amqp, plain_redis) = (rabbitmq.url(), redis.url());
    let at_plain_ports = [amqp.replace("amqp:", "amqps:"), plain_redis.replace("redis:", "rediss:")];
    assert_says(
        [&at_plain_ports[0], &at_plain_ports[1]],
        &right,
        [
            "LIVEGATE_AMQP_URL must name its TLS port",
            "LIVEGATE_REDIS_URL must name its TLS port",
        ],
    )
    .await;
    let in_the_clear = [amqps.replace("amqps:", "amqp:"), rediss.replace("rediss:", "redis:")];
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
