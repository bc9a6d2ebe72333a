//! The deployments, started by hand: the same configuration, commands and variables, but for hosts, ports
//! and the places of mounted files.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use livegate_tests::client::Client;
use livegate_tests::clips::{made, made_of};
use livegate_tests::media::{jpeg, media, portrait_frame, root};
use livegate_tests::servers::{RabbitMq, Redis};
use serde_json::Value;
use tempfile::TempDir;

use super::files::{Image, PATIENCE, chart, compose, images, of_kind, texts};
use super::process::{Running, Service};
use crate::document::tools::{run, system};
use crate::real::portrait::photograph;

const SIDES: [&str; 2] = ["turn_left", "turn_right"];

/// RabbitMQ and Redis as the compose file starts them, with secrets of their own.
struct Host {
    compose: Value,
    folder: TempDir,
    rabbitmq: RabbitMq,
    _redis: Redis,
}

impl Host {
    async fn start() -> Self {
        let (compose, folder) = (compose().await, tempfile::tempdir().unwrap());
        let mut make = system("scripts/secrets.sh");
        make.arg(folder.path().join("secrets"));
        make.current_dir(root());
        run(make, PATIENCE).await;
        fs::create_dir(folder.path().join("keys")).unwrap();

        let rabbitmq = &compose["services"]["rabbitmq"];
        let mounted = texts(&rabbitmq["volumes"]).remove(0);
        let configuration = root().join(mounted.split(':').next().unwrap());
        let of_secret = |name: &str| secret(&compose, folder.path(), name);
        let user = of_secret(rabbitmq["secrets"][0]["source"].as_str().unwrap());
        let settings = [configuration, user].map(|f| fs::read_to_string(f).unwrap());
        let rabbitmq = std::thread::spawn(move || RabbitMq::start_with(&settings.concat()));

        let redis = &compose["services"]["redis"];
        let container = Service::new(&Image::default(), mounts(&compose, redis, folder.path()));
        let command = texts(&redis["command"]);
        let command = command.iter().map(|word| container.here(word));
        let redis = Redis::start_with(command.collect());
        let rabbitmq = rabbitmq.join().unwrap();
        for (name, host, here) in [
            ("amqp_url", "rabbitmq:5672", rabbitmq.address()),
            ("redis_url", "redis:6379", redis.address()),
        ] {
            let file = of_secret(name);
            let url = fs::read_to_string(&file).unwrap();
            assert!(url.contains(host), "{url}");
            fs::remove_file(&file).unwrap();
            fs::write(&file, url.replace(host, &here)).unwrap();
        }
        Self {
            compose,
            folder,
            rabbitmq,
            _redis: redis,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str) -> PathBuf {
        secret(&self.compose, self.folder.path(), name)
    }

    /// One of the compose file's services that we build.
    fn service(&self, name: &str) -> Service {
        let service = &self.compose["services"][name];
        let image = &images()[service["build"]["target"].as_str().unwrap()];
        let mounts = mounts(&self.compose, service, self.folder.path());
        let mut ours = Service::new(image, mounts).with_command(texts(&service["command"]));
        for (variable, value) in service["environment"].as_object().unwrap() {
            ours.set(variable, unset(value.as_str().unwrap()));
        }
        ours.let_write(&self.path("keys"));
        ours
    }

    /// One of the chart's containers.
    fn container(&self, deployment: &Value, image: &Image) -> Service {
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let secrets = ["amqp-url", "redis-url", "seal-key"].map(|name| {
            let there = format!("/run/secrets/livegate/{name}");
            (there, self.secret(&name.replace('-', "_")))
        });
        let thresholds = root().join("liveness/src/thresholds/shipped.toml");
        let others = [
            ("/run/secrets/livegate-keys".to_owned(), self.path("keys")),
            ("/etc/livegate/thresholds.toml".to_owned(), thresholds),
        ];
        let mounts = secrets.into_iter().chain(others).collect();
        let mut ours = Service::new(image, mounts).with_command(texts(&container["command"]));
        for variable in container["env"].as_array().unwrap() {
            let text = |field: &str| variable[field].as_str().unwrap();
            ours.set(text("name"), text("value"));
        }
        ours
    }
}

/// Where the file of one of the compose file's secrets is.
fn secret(compose: &Value, folder: &Path, name: &str) -> PathBuf {
    folder.join(compose["secrets"][name]["file"].as_str().unwrap())
}

/// The paths of a container of one of the compose file's services, and what is here in their place.
fn mounts(compose: &Value, service: &Value, folder: &Path) -> Vec<(String, PathBuf)> {
    let secrets = texts(&service["secrets"]).into_iter().map(|name| {
        let here = secret(compose, folder, &name);
        (format!("/run/secrets/{name}"), here)
    });
    let keys = ("/keys".to_owned(), folder.join("keys"));
    secrets.chain([keys]).collect()
}

/// A value as it is while no variable that it names is set.
fn unset(value: &str) -> &str {
    match value.strip_prefix("${").and_then(|v| v.strip_suffix('}')) {
        Some(variable) => variable.split_once(":-").expect("a default").1,
        None => value,
    }
}

/// A key made by the deployment's own command.
async fn new_key(api: &Service) -> String {
    let make = api.with_command(words("livegate-api keys create --name test"));
    let made = make.output().await;
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// A debug build, on a machine that runs other tests.
fn patient(mut api: Service) -> Service {
    api.set("LIVEGATE_LISTEN", "127.0.0.1:0");
    api.set("LIVEGATE_VERIFY_TIMEOUT_SECONDS", "60");
    api
}

fn address(line: &str) -> SocketAddr {
    let (_, address) = line
        .split_once("http://")
        .unwrap_or_else(|| panic!("{line}"));
    address.trim().parse().unwrap()
}

/// Whether frames and a clip cross the queue, are measured and come back as verdicts.
async fn assert_verdicts(client: &Client) {
    let answer = client.verify_new(&photograph()).await;
    assert_eq!(answer.body["frames_analyzed"], 8, "{}", answer.body);
    answer.assert_rejected(&["challenge_failed"]);

    let folder = tempfile::tempdir().unwrap();
    let still = folder.path().join("still.jpg");
    fs::write(&still, jpeg(&portrait_frame(700, 0))).unwrap();
    let still = ["-loop", "1", "-i", still.to_str().unwrap()];
    let still = made(
        &[&still[..], &["-t", "2", "-c:v", "libx264"]].concat(),
        "mp4",
    );
    let answer = client.verify_new_clip(&SIDES, &still).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["challenge_passed"], false, "{}", answer.body);
}

/// Whether somebody live is verified.
async fn assert_verifies_a_person(client: &Client) {
    let cut = ["-t", "6", "-c:v", "libx264"];
    let person = made_of(&media("live/turns_a.mov"), &cut, "mp4");
    let answer = client.verify_new_clip(&SIDES, &person).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
}

/// An API and a worker that run.
struct Started {
    api: Running,
    worker: Running,
    client: Client,
}

impl Started {
    /// The compose file's.
    async fn by_compose(host: &Host) -> Self {
        let api = patient(host.service("api"));
        let key = new_key(&api).await;
        let worker = host.service("worker");
        Self::start(&api, &worker, &key).await
    }

    async fn start(api: &Service, worker: &Service, key: &str) -> Self {
        let (worker, _) = worker.start("Ready with 2").await;
        let (api, line) = api.start("Listening on").await;
        let client = Client::new(address(&line), Some(key));
        Self {
            api,
            worker,
            client,
        }
    }

    /// Waits until the API says that all is well.
    async fn until_well(&self) {
        let client = &self.client;
        until(|| async { client.get("/v1/liveness/health").await.body["status"] == "ok" }).await;
    }

    async fn stop(self) {
        self.api.stop().await;
        self.worker.stop().await;
    }
}

/// The chart's API and worker, and the description of the former's container.
async fn of_chart(host: &Host) -> (Service, Service, Value) {
    let (objects, images) = (chart(&[]).await, images());
    let [api, worker] = of_kind(&objects, "Deployment").try_into().unwrap();
    let described = api["spec"]["template"]["spec"]["containers"][0].clone();
    let api = patient(host.container(api, &images["api"]));
    (api, host.container(worker, &images["worker"]), described)
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn the_compose_files_services_started_by_hand_give_verdicts() {
    let host = Host::start().await;
    let started = Started::by_compose(&host).await;
    let address = started.client.address();
    let health = images()["api"].health.clone().unwrap();
    let health = health
        .iter()
        .map(|word| word.replace("127.0.0.1:8000", &address.to_string()));
    let health: Vec<_> = health.collect();
    until(|| async {
        let mut check = system(&health[0]);
        check.args(&health[1..]).status().await.unwrap().success()
    })
    .await;
    started.until_well().await;
    assert_verdicts(&started.client).await;

    let records = host.path("keys");
    let files = fs::read_dir(&records).unwrap().count();
    assert_eq!(files, 2, "keys.toml and its lock in {}", records.display());
    started.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn the_compose_files_services_verify_a_person() {
    let host = Host::start().await;
    let started = Started::by_compose(&host).await;
    started.until_well().await;
    assert_verifies_a_person(&started.client).await;
    started.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn the_charts_containers_started_by_hand_give_verdicts_and_answer_their_probes() {
    let host = Host::start().await;
    let key = new_key(&host.service("api")).await;
    let (api, worker, probes) = of_chart(&host).await;
    let change = api.with_command(words("livegate-api keys create --name other"));
    let refused = change.output().await;
    assert!(
        !refused.status.success(),
        "keys are mounted to be read: {refused:?}"
    );
    let started = Started::start(&api, &worker, &key).await;
    for probe in ["livenessProbe", "readinessProbe"] {
        let path = probes[probe]["httpGet"]["path"].as_str().unwrap();
        let nobody = started.client.without_key();
        until(|| async { nobody.get(path).await.status == 200 }).await;
    }
    started.until_well().await;
    assert_verdicts(&started.client).await;
    started.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn the_charts_containers_verify_a_person() {
    let host = Host::start().await;
    let key = new_key(&host.service("api")).await;
    let (api, worker, _) = of_chart(&host).await;
    let started = Started::start(&api, &worker, &key).await;
    started.until_well().await;
    assert_verifies_a_person(&started.client).await;
    started.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn the_service_in_one_process_leaves_nothing_in_its_home() {
    let home = tempfile::tempdir().unwrap();
    let mut service = patient(Service::new(&images()["embedded"], Vec::new()));
    service.set("HOME", home.path().to_str().unwrap());
    service.let_write(home.path());
    let (service, _) = service.start("Listening on").await;
    service.stop().await;
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brokers_configuration_takes_messages_of_64_mib_and_no_larger_ones() {
    let host = Host::start().await;
    let url = fs::read_to_string(host.secret("amqp_url")).unwrap();
    assert!(url.contains(&host.rabbitmq.address()), "{url}");
    for (bytes, taken) in [(64 << 20, true), ((64 << 20) + 1, false)] {
        let properties = ConnectionProperties::default();
        let connection = Connection::connect(url.trim(), properties).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let confirm = ConfirmSelectOptions::default();
        channel.confirm_select(confirm).await.unwrap();
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let message = vec![0; bytes];
        // To no queue: what counts is whether the broker takes it.
        let published =
            channel.basic_publish("".into(), "nowhere".into(), options, &message, properties);
        let confirmed = published.await.unwrap().await;
        assert_eq!(confirmed.is_ok(), taken, "{bytes}: {confirmed:?}");
    }
}

/// Looks until it is so.
async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap();
}
