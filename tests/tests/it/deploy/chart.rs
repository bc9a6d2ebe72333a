//! What the chart's pods are, beyond being valid.

use livegate_common::broker::Queue;
use serde_json::{Value, json};

use super::files::{CHART, chart, helm, of_kind, texts};
use super::lint::EVERYTHING;

fn pod(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]
}

fn container(deployment: &Value) -> &Value {
    &pod(deployment)["containers"][0]
}

#[tokio::test]
async fn values_that_make_no_sense_are_refused_by_name() {
    for (value, named) in [
        ("worker.replicas=0", "replicas"),
        ("worker.thread=2", "thread"),
        ("autoscaling.minReplicas=0", "minReplicas"),
        ("metrics.port=8000", "port"),
        ("api.settings.LIVEGATE_SEAL_KEY=secret", "LIVEGATE_SEAL_KEY"),
        ("api.settings.PATH=/", "PATH"),
        ("ingress.enabled=true", "host"),
        ("secrets.connections=", "connections"),
    ] {
        let (rendered, printed) = helm(&["template", "test", CHART, "--set", value]).await;
        assert!(!rendered && printed.contains(named), "{value}: {printed}");
    }
}

#[tokio::test]
async fn pods_have_no_rights_and_nothing_to_write_to() {
    let objects = chart(&EVERYTHING).await;
    for deployment in of_kind(&objects, "Deployment") {
        let (pod, container) = (pod(deployment), container(deployment));
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["runAsUser"], 10001);
        let profile = &pod["securityContext"]["seccompProfile"]["type"];
        assert_eq!(profile, "RuntimeDefault");
        let rights = json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        });
        assert_eq!(container["securityContext"], rights);
        assert!(container["resources"]["limits"]["memory"].is_string());
        for mount in container["volumeMounts"].as_array().unwrap() {
            assert_eq!(mount["readOnly"], true, "{mount}");
        }
        for volume in pod["volumes"].as_array().unwrap() {
            let kinds = ["secret", "configMap"];
            assert!(kinds.iter().any(|k| volume.get(k).is_some()), "{volume}");
        }
    }
}

#[tokio::test]
async fn metrics_are_read_from_every_pod_where_they_are_wanted_and_from_none_by_default() {
    let listen = |container: &Value| {
        let all = container["env"].as_array().unwrap().iter();
        let mut of_it = all.filter(|v| v["name"] == "LIVEGATE_METRICS_LISTEN");
        of_it.next().map(|v| v["value"].clone())
    };
    let metadata = |deployment: &Value| deployment["spec"]["template"]["metadata"].clone();
    for deployment in of_kind(&chart(&[]).await, "Deployment") {
        assert_eq!(listen(container(deployment)), None);
        let annotations = metadata(deployment)["annotations"].to_string();
        assert!(!annotations.contains("prometheus"), "{annotations}");
    }
    let objects = chart(&["metrics.enabled=true", "metrics.port=9999"]).await;
    let deployments = of_kind(&objects, "Deployment");
    assert_eq!(deployments.len(), 2);
    for deployment in deployments {
        let container = container(deployment);
        assert_eq!(listen(container), Some(json!("0.0.0.0:9999")));
        let port = json!({ "name": "metrics", "containerPort": 9999 });
        assert!(container["ports"].as_array().unwrap().contains(&port));
        let annotations = &metadata(deployment)["annotations"];
        assert_eq!(annotations["prometheus.io/port"], "9999");
    }
    for service in of_kind(&objects, "Service") {
        assert!(!service.to_string().contains("metrics"), "{service}");
    }
}

#[tokio::test]
async fn keda_watches_every_queue_of_the_program() {
    let objects = chart(&EVERYTHING).await;
    let scaled = of_kind(&objects, "ScaledObject")[0];
    let triggers = scaled["spec"]["triggers"].as_array().unwrap();
    let mut watched: Vec<_> = triggers
        .iter()
        .map(|t| &t["metadata"]["queueName"])
        .collect();
    let mut declared = Queue::ALL.map(Queue::name);
    watched.sort_by_key(|name| name.as_str());
    declared.sort_unstable();
    assert_eq!(watched, declared);
    let target = scaled["spec"]["scaleTargetRef"]["name"].as_str().unwrap();
    let deployments = of_kind(&objects, "Deployment");
    let worker = deployments.iter().find(|d| d["metadata"]["name"] == target);
    // Else every upgrade would undo what KEDA did.
    assert!(worker.unwrap()["spec"].get("replicas").is_none());
}

#[tokio::test]
async fn every_pod_is_counted_by_one_disruption_budget() {
    let objects = chart(&[]).await;
    let budgets = of_kind(&objects, "PodDisruptionBudget");
    for deployment in of_kind(&objects, "Deployment") {
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        let of_it = |budget: &&&Value| &budget["spec"]["selector"]["matchLabels"] == labels;
        assert_eq!(budgets.iter().filter(of_it).count(), 1, "{labels}");
    }
}

#[tokio::test]
async fn pods_are_given_the_time_that_their_program_takes_to_stop() {
    for (setting, seconds) in [("15", 50), ("60", 140)] {
        let timeout = format!("api.verifyTimeoutSeconds={setting}");
        let objects = chart(&[&timeout]).await;
        let [api, worker] = of_kind(&objects, "Deployment").try_into().unwrap();
        assert_eq!(pod(api)["terminationGracePeriodSeconds"], seconds);
        assert_eq!(pod(worker)["terminationGracePeriodSeconds"], 30);
        let pause = &container(api)["lifecycle"]["preStop"]["exec"]["command"];
        assert_eq!(texts(pause), ["sleep", "5"]);
    }
}
