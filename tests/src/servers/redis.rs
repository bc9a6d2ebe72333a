//! A private Redis server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::certificates::Certificates;
use super::guarded::Guarded;
use super::{free_port, temporary_folder, wait_until};

/// Number of databases of the server, one for each test.
pub(super) const DATABASES: u32 = 4096;

/// A private Redis server with the settings for Livegate: no persistence, no eviction. Dropping it ends
/// it.
pub struct Redis {
    port: u16,
    tls_port: u16,
    folder: PathBuf,
    command: Vec<String>,
    running: Option<Guarded>,
}

impl Redis {
    /// Starts a server and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(command())
    }

    /// Starts a server that also has a port for TLS. There it takes clients with a certificate of the same
    /// authority, and others only if `certificate_needed` is false.
    pub fn start_tls(certificates: &Certificates, certificate_needed: bool) -> Self {
        let path = |path: PathBuf| path.display().to_string();
        let mut command = command();
        for (name, value) in [
            ("--tls-ca-cert-file", path(certificates.certificate("ca"))),
            ("--tls-cert-file", path(certificates.certificate("server"))),
            ("--tls-key-file", path(certificates.key("server"))),
            (
                "--tls-auth-clients",
                if certificate_needed {
                    "yes"
                } else {
                    "optional"
                }
                .to_owned(),
            ),
        ] {
            command.extend([name.to_owned(), value]);
        }
        Self::start_with(command)
    }

    /// Starts a replica of this server.
    pub fn start_replica(&self) -> Self {
        let mut command = command();
        command.extend(["--replicaof", "127.0.0.1"].map(str::to_owned));
        command.push(self.port.to_string());
        Self::start_with(command)
    }

    /// Starts a server with this command. Ports and folder are added.
    pub fn start_with(command: Vec<String>) -> Self {
        let mut this = Self {
            port: free_port(),
            tls_port: free_port(),
            folder: temporary_folder("redis"),
            command,
            running: None,
        };
        this.start_again();
        this
    }

    /// The server's URL without a database.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// The URL of its port for TLS, without a database.
    pub fn tls_url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.tls_port)
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder with all of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The first line of the answer to one inline command; `None` without an answer.
    pub fn command(&self, command: &str) -> Option<String> {
        command_to(&self.address(), command)
    }

    /// The whole answer to one inline command; `None` without an answer.
    pub fn answer(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address()).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
        // The answer to a second command tells where the first one ends. Sentinels have no QUIT.
        let commands = format!("{command}\r\nPING\r\n");
        stream.write_all(commands.as_bytes()).ok()?;
        let (mut answer, mut bytes) = (Vec::new(), [0; 4096]);
        while !answer.ends_with(b"+PONG\r\n") {
            match stream.read(&mut bytes).ok()? {
                0 => return None,
                read => answer.extend_from_slice(&bytes[..read]),
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        Some(answer.trim_end_matches("+PONG\r\n").to_owned())
    }

    /// The server's host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends the server as a crash does.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.end();
        }
    }

    /// Starts the server again at the same port, without its data.
    pub fn start_again(&mut self) {
        let port = self.port.to_string();
        let folder = self.folder.display().to_string();
        let tls_port = self.tls_port.to_string();
        let here = ["--port", &port, "--bind", "127.0.0.1", "--dir", &folder];
        let tls = ["--tls-port", &tls_port];
        let has_tls = self.command.iter().any(|word| word == "--tls-cert-file");
        let command = self.command.iter().map(String::as_str);
        let command: Vec<_> = command
            .chain(here)
            .chain(tls.into_iter().filter(|_| has_tls))
            .collect();
        std::fs::create_dir_all(&self.folder).expect("a temporary folder can be made");
        self.running = Some(Guarded::start(&self.folder, &command, &[]));
        let address = self.address();
        wait_until(
            "Redis answers",
            Duration::from_secs(20),
            &self.folder,
            || {
                // A server with a password also answers: that it needs the password.
                let answer = command_to(&address, "PING").unwrap_or_default();
                answer == "+PONG" || answer.starts_with("-NOAUTH")
            },
        );
    }

    /// Pauses the server: connections stay open and nothing answers.
    pub fn pause(&mut self) {
        if let Some(running) = &mut self.running {
            running.signal("STOP");
        }
    }

    /// Ends a pause.
    pub fn resume(&mut self) {
        if let Some(running) = &mut self.running {
            running.signal("CONT");
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The command of a server, without port and folder.
fn command() -> Vec<String> {
    let databases = DATABASES.to_string();
    #[rustfmt::skip]
    let command = [
        "redis-server", "--databases", &databases, "--save", "", "--appendonly", "no",
        "--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0",
    ];
    command.map(str::to_owned).to_vec()
}

/// The first line of the answer to one inline command, without the end of the line.
pub(super) fn command_to(address: &str, command: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n") {
        stream.read_exact(&mut byte).ok()?;
        answer.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&answer).trim_end().to_owned())
}
