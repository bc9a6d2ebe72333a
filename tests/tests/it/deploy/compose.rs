//! What the compose file's services are, beyond being valid.

use serde_json::{Value, json};

use super::files::{compose, images, texts};

fn services(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"].as_object().unwrap().iter()
}

#[tokio::test]
async fn services_have_no_rights_a_limit_and_a_time_to_stop() {
    let compose = compose().await;
    let images = images();
    for (name, service) in services(&compose) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        let options = json!(["no-new-privileges:true"]);
        assert_eq!(service["security_opt"], options, "{name}");
        let limits = &service["deploy"]["resources"]["limits"];
        for limit in ["cpus", "memory", "pids"] {
            assert!(!limits[limit].is_null(), "{name} has no limit of {limit}");
        }
        let user = match service["build"]["target"].as_str() {
            Some(target) => &images[target].user,
            None => service["user"].as_str().unwrap(),
        };
        let numbers: Vec<u32> = user.split(':').map(|n| n.parse().unwrap()).collect();
        assert!(numbers.iter().all(|n| *n > 0), "{name} is {user}");
    }
    // As long as each takes at the most: twice 15 s and 5 to spare, and 5; 20 s and 2.
    assert_eq!(compose["services"]["api"]["stop_grace_period"], "45s");
    assert_eq!(compose["services"]["worker"]["stop_grace_period"], "30s");
}

#[tokio::test]
async fn the_api_is_asked_for_its_health_as_its_image_says() {
    let compose = compose().await;
    let asked = texts(&compose["services"]["api"]["healthcheck"]["test"]);
    let image = images()["api"].health.clone().unwrap();
    assert_eq!(asked[0], "CMD");
    assert_eq!(asked[1..], image[..]);
}

#[tokio::test]
async fn every_image_is_named_with_a_version() {
    let compose = compose().await;
    for (name, service) in services(&compose) {
        let (_, tag) = service["image"].as_str().unwrap().split_once(':').unwrap();
        assert!(tag.starts_with(char::is_numeric), "{name}: {tag}");
    }
}

#[tokio::test]
async fn broker_and_store_are_reached_by_api_and_workers_alone() {
    let compose = compose().await;
    assert_eq!(compose["networks"]["back"]["internal"], true);
    for (name, service) in services(&compose) {
        let is_api = name == "api";
        assert_eq!(service.get("ports").is_some(), is_api, "{name}");
        let networks = if is_api {
            json!(["front", "back"])
        } else {
            json!(["back"])
        };
        assert_eq!(service["networks"], networks, "{name}");
    }
}

#[tokio::test]
async fn the_only_volume_holds_the_hashes_of_keys() {
    let compose = compose().await;
    let volumes: Vec<_> = compose["volumes"].as_object().unwrap().keys().collect();
    assert_eq!(volumes, ["keys"]);
    for (name, service) in services(&compose) {
        let mut mounted = service.get("volumes").map(texts).unwrap_or_default();
        mounted.retain(|mount| !(mount.starts_with("./deploy/") && mount.ends_with(":ro")));
        let expected: &[&str] = if name == "api" { &["keys:/keys"] } else { &[] };
        assert_eq!(mounted, expected, "{name}");
    }
    // Their images declare volumes here, which would be on the host's disk.
    let tmpfs = |name: &str| texts(&compose["services"][name]["tmpfs"]).join(" ");
    assert!(tmpfs("rabbitmq").contains("/var/lib/rabbitmq:"));
    assert!(tmpfs("redis").contains("/data:"));
}
