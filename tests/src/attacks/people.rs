//! The people in the attacks. Those of the reports differ from those with whom the attacks were written.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use livegate_common::job::Look;
use livegate_models::ModelSet;
use livegate_worker::AnalyzerPool;

use super::footage::Footage;
use super::list::Cast;
use crate::media::models;

/// Files of footage: a victim, another person, an actor.
pub type Roles = [&'static str; 3];

/// A replay that was really filmed off a screen.
const REPLAY: &str = "replay/replay_a.mp4";

/// The people with whom the attacks were written. The suite runs with them at every build.
pub const WHILE_WRITING: Roles = [
    "live/turns_b.mov",
    "live/turns_a.mov",
    "actions/blinks_smile.mp4",
];

/// The people of the reported attacks.
pub const REPORTED: [Roles; 2] = [
    [
        "live/turns_a.mov",
        "live/turns_c.mov",
        "actions/talking_smile.mp4",
    ],
    [
        "live/turns_c.mov",
        "live/turns_b.mov",
        "actions/expressions.mp4",
    ],
];

/// The people of the reported searching attacks. None of them was used for turns while the attacks were
/// written.
pub const SEARCHED: [Roles; 2] = [
    [
        "live/turns_d.mov",
        "live/turns_e.mp4",
        "actions/talking_smile.mp4",
    ],
    [
        "live/turns_e.mp4",
        "live/turns_d.mov",
        "actions/expressions.mp4",
    ],
];

/// A pool of threads with the shipped models.
pub fn pool() -> AnalyzerPool {
    let set = ModelSet::load(&models(), None).unwrap();
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    AnalyzerPool::start(threads, livegate_worker::onnx::factory(set).unwrap()).unwrap()
}

/// Loads the footage; takes `has_media`.
pub async fn cast(pool: &AnalyzerPool, roles: Roles) -> Cast {
    casts(pool, &[roles]).await.remove(0)
}

/// The same for several casts; footage that is in more than one is loaded once.
pub async fn casts(pool: &AnalyzerPool, roles: &[Roles]) -> Vec<Cast> {
    let mut loaded: HashMap<&str, Arc<Footage>> = HashMap::new();
    for file in roles.iter().flatten().chain([&REPLAY]) {
        if !loaded.contains_key(file) {
            let footage = Footage::load(pool, file, Look::Glance).await;
            loaded.insert(file, Arc::new(footage));
        }
    }
    let of = |file: &str| Arc::clone(&loaded[file]);
    let cast = |[victim, other, actor]: &Roles| Cast {
        victim: of(victim),
        other: of(other),
        actor: of(actor),
        replay: of(REPLAY),
    };
    roles.iter().map(cast).collect()
}
