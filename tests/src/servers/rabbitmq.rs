//! A private RabbitMQ server.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::certificates::Certificates;
use super::guarded::Guarded;
use super::{free_port, temporary_folder, wait_until};

/// Number of virtual hosts `t1`, `t2`, …, one for each test. They are made when the server starts, in 20
/// ms each; `rabbitmqctl` would take a second for each.
pub(super) const VHOSTS: u32 = 96;

/// Largest message, bytes. For a larger one the server closes the channel.
const MAX_MESSAGE_SIZE: usize = 40 << 20;

/// Stands for the port in the settings of TLS.
const TLS_PORT: &str = "TLS_PORT";

/// Runs the Erlang port mapper as a child instead of a daemon, so that it ends with the server.
const COMMAND: &str = r#"epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" & exec "$0""#;

/// A private RabbitMQ server. Dropping it ends it.
pub struct RabbitMq {
    port: u16,
    tls_port: u16,
    folder: PathBuf,
    /// Port of the Erlang port mapper.
    epmd_port: u16,
    /// Whether the port mapper ends with this server.
    owns_epmd: bool,
    running: Option<Guarded>,
}

impl RabbitMq {
    /// Starts a server and waits until it accepts connections, which takes 5 to 10 s.
    pub fn start() -> Self {
        Self::start_with_policies("", "")
    }

    /// Starts a server that also has a port for TLS. There it takes clients with a certificate of the same
    /// authority, and others only if `certificate_needed` is false.
    pub fn start_tls(certificates: &Certificates, certificate_needed: bool) -> Self {
        Self::start_with_policies("", &tls_settings(certificates, certificate_needed))
    }

    /// Starts a server whose queues write every message to disk, as other queues do when memory runs
    /// out.
    pub fn start_lazy() -> Self {
        Self::start_with_policies(
            r#"{"vhost":"/","name":"lazy","pattern":"","definition":{"queue-mode":"lazy"}}"#,
            "",
        )
    }

    fn start_with_policies(policies: &str, settings: &str) -> Self {
        let folder = temporary_folder("rabbitmq");
        let users = folder.join("definitions.json");
        fs::write(&users, definitions(policies)).expect("a file can be written");
        let settings = format!(
            "load_definitions = {}\n\
             max_message_size = {MAX_MESSAGE_SIZE}\n\
             vm_memory_high_watermark.absolute = 1GB\n\
             disk_free_limit.absolute = 10MB\n\
             {settings}",
            users.display()
        );
        Self::start_in(folder, &settings)
    }

    /// Starts a server with these lines of `rabbitmq.conf` instead of the tests' own. It has only their
    /// users, and only the first virtual host.
    pub fn start_with(settings: &str) -> Self {
        Self::start_in(temporary_folder("rabbitmq"), settings)
    }

    fn start_in(folder: PathBuf, settings: &str) -> Self {
        let mut this = Self::new(folder, free_port());
        this.owns_epmd = true;
        this.prepare(settings);
        this.start_again();
        this
    }

    /// A server that was never started.
    pub(super) fn new(folder: PathBuf, epmd_port: u16) -> Self {
        Self {
            port: free_port(),
            tls_port: free_port(),
            folder,
            epmd_port,
            owns_epmd: false,
            running: None,
        }
    }

    /// The name of the server's Erlang node.
    pub(super) fn node(&self) -> String {
        format!("livegate{}@localhost", self.port)
    }

    /// The server's URL without a virtual host.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}", self.address())
    }

    /// The URL of its port for TLS, without a virtual host.
    pub fn tls_url(&self) -> String {
        format!("amqps://guest:guest@127.0.0.1:{}", self.tls_port)
    }

    /// The folder with all of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
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

    /// Starts the server again at the same port. Durable queues remain; their messages are lost.
    pub fn start_again(&mut self) {
        let in_folder = |name: &str| self.folder.join(name).display().to_string();
        let environment = [
            ("HOME", in_folder("home")),
            ("RABBITMQ_NODENAME", self.node()),
            ("RABBITMQ_CONFIG_FILE", in_folder("rabbitmq.conf")),
            // Keeps the machine's own settings out.
            ("RABBITMQ_CONF_ENV_FILE", in_folder("none")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", in_folder("none")),
            ("RABBITMQ_MNESIA_BASE", in_folder("mnesia")),
            ("RABBITMQ_LOG_BASE", in_folder("log")),
            (
                "RABBITMQ_ENABLED_PLUGINS_FILE",
                in_folder("enabled_plugins"),
            ),
            ("RABBITMQ_DIST_PORT", free_port().to_string()),
            ("ERL_EPMD_PORT", self.epmd_port.to_string()),
        ];
        let program = server_program();
        let with_epmd = ["sh", "-c", COMMAND, &program];
        let command = if self.owns_epmd {
            &with_epmd[..]
        } else {
            &with_epmd[3..]
        };
        self.running = Some(Guarded::start(&self.folder, command, &environment));
        let address = self.address();
        wait_until(
            "RabbitMQ answers",
            Duration::from_secs(90),
            &self.folder,
            || speaks_amqp(&address).is_some(),
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

    /// Makes the server's folder.
    pub(super) fn prepare(&self, settings: &str) {
        for name in ["home", "mnesia", "log"] {
            fs::create_dir(self.folder.join(name)).expect("a folder can be made");
        }
        let write = |name: &str, text: &str| {
            fs::write(self.folder.join(name), text).expect("a file can be written");
        };
        write("home/.erlang.cookie", "livegate-tests");
        let cookie = self.folder.join("home/.erlang.cookie");
        fs::set_permissions(cookie, fs::Permissions::from_mode(0o400)).expect("the file is ours");
        write("enabled_plugins", "[].\n");
        let listener = format!("listeners.tcp.default = {}\n", self.address());
        let settings = settings.replace(TLS_PORT, &self.tls_port.to_string());
        write("rabbitmq.conf", &(listener + &settings));
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The lines of `rabbitmq.conf` for a port with TLS.
fn tls_settings(certificates: &Certificates, certificate_needed: bool) -> String {
    format!(
        "listeners.ssl.default = 127.0.0.1:{TLS_PORT}\n\
         ssl_options.cacertfile = {}\n\
         ssl_options.certfile = {}\n\
         ssl_options.keyfile = {}\n\
         ssl_options.verify = verify_peer\n\
         ssl_options.fail_if_no_peer_cert = {certificate_needed}\n",
        certificates.certificate("ca").display(),
        certificates.certificate("server").display(),
        certificates.key("server").display(),
    )
}

/// Whether a broker answers the AMQP greeting. A port that accepts connections may not be ready yet.
fn speaks_amqp(address: &str) -> Option<()> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(b"AMQP\x00\x00\x09\x01").ok()?;
    // The first byte of a method frame.
    let mut first = [0];
    stream.read_exact(&mut first).ok()?;
    (first == [1]).then_some(())
}

/// Definitions of the user, the virtual hosts and these policies, in RabbitMQ's import format.
pub(super) fn definitions(policies: &str) -> String {
    let vhosts: Vec<_> = (0..=VHOSTS).map(vhost).collect();
    let list =
        |entry: fn(&String) -> String| vhosts.iter().map(entry).collect::<Vec<_>>().join(",");
    let names = list(|name| format!(r#"{{"name":"{name}"}}"#));
    let permissions = list(|name| {
        format!(r#"{{"user":"guest","vhost":"{name}","configure":".*","write":".*","read":".*"}}"#)
    });
    format!(
        r#"{{"users":[{{"name":"guest","password":"guest","tags":["administrator"]}}],
        "vhosts":[{names}],"permissions":[{permissions}],"policies":[{policies}]}}"#
    )
}

/// The name of a virtual host. Number 0 is the default one.
pub(super) fn vhost(number: u32) -> String {
    match number {
        0 => "/".to_owned(),
        number => format!("t{number}"),
    }
}

/// Path of the server itself. Debian puts a wrapper into `PATH` that changes user and folder.
fn server_program() -> String {
    const BEHIND_THE_WRAPPER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    let program = if Path::new(BEHIND_THE_WRAPPER).exists() {
        BEHIND_THE_WRAPPER
    } else {
        "rabbitmq-server"
    };
    program.to_owned()
}
