//! The optional models that the manifest names.

use std::sync::Arc;

use livegate_models::ModelSet;
use livegate_models::manifest::Manifest;
use livegate_prepare::optional::{self, Supply};
use livegate_tests::media::{models, optional_weights};

#[test]
#[cfg_attr(
    not(has_optional_weights),
    ignore = "needs the optional models (LIVEGATE_OPTIONAL_MODELS)"
)]
fn the_manifests_own_models_come_out_of_a_mirror_as_pinned() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = optional::fetch(
        dir.path(),
        Manifest::shipped(),
        &Supply::Mirror(optional_weights()),
        &Arc::default(),
        &mut Vec::new(),
    )
    .unwrap();
    assert!(outcome.absent.is_empty(), "{:?}", outcome.absent);
    let models = ModelSet::load(&models(), outcome.config.as_deref()).unwrap();
    let names: Vec<_> = models
        .anti_spoof
        .iter()
        .map(|m| m.file.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "fr_liveness",
            "minifasnet_v2_2.7x_80",
            "minifasnet_v2se_1.8x_128"
        ]
    );
}
