//! Who is in the attacks: some while they were written, others in what is reported.

use std::num::NonZeroUsize;
use std::sync::Arc;

use livegate_common::job::Look;
use livegate_models::ModelSet;
use livegate_worker::AnalyzerPool;

use super::footage::Footage;
use super::list::Cast;
use crate::media::models;

/// Files: a victim, another person, an actor.
pub type Roles = [&'static str; 3];

/// Whom the attacks were written with; the suite runs with them at every build.
pub const WHILE_WRITING: Roles = [
    "live/turns_b.mov",
    "live/turns_a.mov",
    "actions/blinks_smile.mp4",
];

/// Whose attacks are reported.
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

/// Threads with the shipped models.
pub fn pool() -> AnalyzerPool {
    let set = ModelSet::load(&models(), None).unwrap();
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    AnalyzerPool::start(threads, livegate_worker::onnx::factory(set).unwrap()).unwrap()
}

/// Loads the footage; `None`, said aloud, where some of it is absent.
pub async fn cast(pool: &AnalyzerPool, [victim, other, actor]: Roles) -> Option<Cast> {
    let load = async |file| Footage::load(pool, file, Look::Glance).await.map(Arc::new);
    Some(Cast {
        victim: load(victim).await?,
        other: load(other).await?,
        actor: load(actor).await?,
        replay: load("replay/replay_a.mp4").await?,
    })
}
