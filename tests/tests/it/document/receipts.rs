//! The guide's programs that verify a receipt, by two libraries that are not ours, and the command line.

use std::fs;
use std::path::Path;
use std::time::Duration;

use livegate_api::config::{ReceiptConfig, ServerConfig};
use livegate_tests::app::{Options, spawn};
use livegate_tests::client::Capture;
use livegate_tests::media::root;
use serde_json::Value;
use tokio::process::Command;

use super::passages::Document;
use super::tools::{node_modules, python, run, system};

const PATIENCE: Duration = Duration::from_secs(60);

fn guide() -> Document {
    let path = "docs/integrate.md";
    Document::new(path, fs::read_to_string(root().join(path)).unwrap())
}

/// The programs that verify the files `receipt` and `jwks.json` in a folder.
fn verifiers(folder: &Path, receipt: &str) -> Vec<Command> {
    let mut by_python = python();
    by_python.args(["receipt.py", receipt, "jwks.json"]);
    let mut by_node = system("node");
    by_node.args(["receipt.mjs", receipt, "jwks.json"]);
    let program = livegate_tests::fleet::binary("livegate-api");
    let mut by_us = system(program.to_str().unwrap());
    by_us.args(["receipts", "verify", receipt, "--jwks", "jwks.json"]);
    let mut all = vec![by_python, by_node, by_us];
    for command in &mut all {
        command.current_dir(folder);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_programs_accept_a_receipt_and_refuse_a_changed_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerConfig {
        receipts: ReceiptConfig {
            signing_keys: Some(folder.path().join("signing-keys.json")),
            makes_keys: true,
            ..ReceiptConfig::default()
        },
        ..Options::default().server
    };
    let app = spawn(Options {
        server,
        ..Options::default()
    })
    .await;
    let verdict = app.client.verify_new(&Capture::good()).await.body;
    let receipt = verdict["receipt"].as_str().unwrap();
    let keys = app.client.without_key().get("/.well-known/jwks.json").await;
    let (head, rest) = receipt.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    // The verdict turned round, with the signature of the other.
    let text = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(claims).unwrap();
    let text = String::from_utf8(text).unwrap();
    let turned = text.replace("\"verified\":true", "\"verified\":false");
    assert_ne!(text, turned);
    let turned = base64_simd::URL_SAFE_NO_PAD.encode_to_string(turned);
    for (name, content) in [
        (
            "receipt.py",
            guide().block("`python3 receipt.py receipt.txt jwks.json`:"),
        ),
        (
            "receipt.mjs",
            guide().block("`node receipt.mjs receipt.txt jwks.json`:"),
        ),
        ("receipt.txt", receipt.to_owned()),
        ("changed.txt", format!("{head}.{turned}.{signature}")),
        ("jwks.json", keys.body.to_string()),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    std::os::unix::fs::symlink(node_modules(), folder.path().join("node_modules")).unwrap();
    for verifier in verifiers(folder.path(), "receipt.txt") {
        let claims: Value = serde_json::from_str(&run(verifier, PATIENCE).await).unwrap();
        assert_eq!(claims["verified"], Value::Bool(true));
        assert_eq!(claims["reason_codes"], verdict["reason_codes"]);
    }
    for mut verifier in verifiers(folder.path(), "changed.txt") {
        let output = tokio::time::timeout(PATIENCE, verifier.output());
        let output = output.await.unwrap().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && printed.is_empty(), "{printed}");
    }
}
