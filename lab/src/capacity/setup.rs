//! What is simulated: the service, and the load on it.

use std::str::FromStr;
use std::time::Duration;

use super::model::ServiceTimes;
use super::shapes::{Medium, Shapes};

/// The service, and the load on it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Service times.
    pub times: ServiceTimes,
    /// Share of each kind of request.
    pub mix: Mix,
    /// The load.
    pub arrivals: Arrivals,
    /// Time for which requests arrive. What was let in then is worked off.
    pub seconds: f64,
    /// Time at the start that latencies and rates leave out.
    pub warm_up: f64,
    /// Worker processes.
    pub workers: u32,
    /// Inference threads of each worker.
    pub threads: u32,
    /// API replicas. Requests go to them in turns.
    pub replicas: u32,
    /// API keys, all of the same weight. Requests are drawn evenly among them.
    pub keys: u32,
    /// Places of each key: `--concurrency` of `livegate-api keys create`.
    pub places: u32,
    /// Time within which a verify must end.
    pub deadline: Duration,
    /// Cores that client, API, broker, store and workers share. `None`: each worker has as many cores of its own as it
    /// has threads, and nothing else is short of cores.
    pub cores: Option<u32>,
    /// Seed of all random numbers.
    pub seed: u64,
}

impl Setup {
    /// Inference threads of all workers.
    pub fn all_threads(&self) -> u32 {
        self.workers * self.threads
    }
}

/// The load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// Requests arrive whatever becomes of the earlier ones, and are not sent again.
    Open {
        /// Verifies and live sessions that begin a second.
        per_second: f64,
        /// The time between two of them.
        spacing: Spacing,
    },
    /// Clients that send one verify after another. After a 429 a client waits as long as it is told, and repeats.
    Closed {
        /// Number of clients.
        clients: u32,
    },
}

/// The time between two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Exponential: a Poisson process, as of many callers who know nothing of each other.
    Random,
    /// Always the same, as `bench overload` sends.
    Even,
}

/// Share of each kind of request, 0 to 1; their sum is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// Verifies of frames.
    pub frames: f64,
    /// Verifies of clips.
    pub clip: f64,
    /// Live sessions.
    pub live: f64,
}

/// The text is not a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must name shares of frames, clip and live, which add up to 1, as frames=0.8,clip=0.15,live=0.05"
)]
pub struct NotAMix;

impl FromStr for Mix {
    type Err = NotAMix;

    fn from_str(text: &str) -> Result<Self, NotAMix> {
        let mut shares = [None; 3];
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or(NotAMix)?;
            let share: f64 = share.trim().parse().map_err(|_| NotAMix)?;
            let named = Medium::ALL.iter().position(|m| m.name() == name.trim());
            let place = named.and_then(|n| shares.get_mut(n)).ok_or(NotAMix)?;
            if !(0.0..=1.0).contains(&share) || place.replace(share).is_some() {
                return Err(NotAMix);
            }
        }
        let [frames, clip, live] = shares.map(Option::unwrap_or_default);
        if (frames + clip + live - 1.0).abs() > 1e-6 {
            return Err(NotAMix);
        }
        Ok(Self { frames, clip, live })
    }
}

impl Mix {
    /// The kind at this point of the interval from 0 to 1.
    pub fn at(&self, point: f64) -> Medium {
        if point < self.frames {
            Medium::Frames
        } else if point < self.frames + self.clip {
            Medium::Clip
        } else {
            Medium::Live
        }
    }

    /// Requests of each kind for one arrival: a live session has many.
    pub fn requests(&self, times: &ServiceTimes) -> [(Medium, f64); 3] {
        [
            (Medium::Frames, self.frames),
            (Medium::Clip, self.clip),
            (Medium::Live, self.live * f64::from(times.live.frames)),
        ]
    }

    /// Mean thread time of one arrival, seconds.
    pub fn thread_s(&self, times: &ServiceTimes) -> f64 {
        let ServiceTimes {
            frames, clip, live, ..
        } = times;
        let live_ms = live.glance_ms + live.whole_share * (live.whole_ms - live.glance_ms);
        let ms = self.frames * f64::from(frames.number) * frames.thread_ms
            + self.clip * f64::from(clip.frames) * clip.thread_ms
            + self.live * f64::from(live.frames) * live_ms;
        ms / 1e3
    }

    /// Mean core time that a worker needs for one arrival, seconds: that of its threads, and of decoders of clips.
    pub fn worker_core_s(&self, times: &ServiceTimes) -> f64 {
        self.thread_s(times) + self.clip * times.clip.decode_ms / 1e3
    }

    /// Mean core time of the API for one arrival where workers have this many threads, seconds.
    pub fn api_core_s(&self, times: &ServiceTimes, threads: u32) -> f64 {
        let batches = Shapes::of(times, threads).frames.batches.len();
        #[expect(clippy::cast_precision_loss, reason = "thousands at most")]
        let batches = batches as f64;
        let seal = times.path.seal_ms;
        let ms = self.frames * (times.frames.receive_ms + batches * seal)
            + self.clip * (times.clip.receive_ms + seal)
            + self.live * f64::from(times.live.frames) * (times.live.receive_ms + seal);
        ms / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_a_mix_names_each_kind_once_and_adds_up() {
        let mix: Mix = "frames=0.8, clip=0.15,live=0.05".parse().unwrap();
        assert_eq!(
            [0.0, 0.79, 0.81, 0.94, 0.96].map(|p| mix.at(p).name()),
            ["frames", "frames", "clip", "clip", "live"]
        );
        assert!("frames=1".parse::<Mix>().is_ok());
        for wrong in [
            "",
            "frames",
            "frames=0.5",
            "frames=0.5,frames=0.5",
            "frames=2,clip=-1",
            "film=1",
            "frames=NaN",
        ] {
            assert_eq!(wrong.parse::<Mix>(), Err(NotAMix), "{wrong}");
        }
    }
}
