//! `with-servers COMMAND…` runs a command with a private RabbitMQ and a private Redis, named in its
//! environment, and ends with its exit code. The servers end with this process, however it ends.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use livegate_tests::servers::{
    AMQP_URL, AMQPS_URL, CA_FILE, Certificates, REDIS_URL, REDISS_URL, RabbitMq, Redis,
};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<ExitCode> {
    let mut command = std::env::args_os()
        .skip(1)
        .skip_while(|argument| argument == "--");
    let Some(program) = command.next() else {
        eprintln!("usage: with-servers [--] COMMAND [ARGUMENT…]");
        return Ok(ExitCode::from(2));
    };
    let certificates = Certificates::make();
    let rabbitmq = std::thread::scope(|scope| {
        let starting = scope.spawn(|| RabbitMq::start_tls(&certificates, false));
        starting.join()
    });
    let redis = Redis::start_tls(&certificates, false);
    let Ok(rabbitmq) = rabbitmq else {
        return Ok(ExitCode::FAILURE);
    };
    let mut child = Command::new(program)
        .args(command)
        .env(AMQP_URL, rabbitmq.url())
        .env(REDIS_URL, redis.url())
        .env(AMQPS_URL, rabbitmq.tls_url())
        .env(REDISS_URL, redis.tls_url())
        .env(CA_FILE, certificates.certificate("ca"))
        .spawn()?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = terminate.recv() => if let Some(id) = child.id() {
                Command::new("kill").arg(id.to_string()).status().await?;
            },
            // A terminal sends the signal to the command, too: wait until that ends.
            _ = interrupt.recv() => {}
        }
    };
    // A command ended by a signal has no exit code. Shells use 128 plus the signal's number.
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    let code = code.and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
