//! Clients of the simulated service.

use std::time::Duration;

use super::draw::exponential;
use super::events::Time;
use super::requests::{Request, Source};
use super::setup::{Arrivals, Spacing};
use super::shapes::Medium;
use super::world::{By, Event, World};

impl World<'_> {
    pub(super) fn next_caller(&mut self) {
        let Arrivals::Open {
            per_second,
            spacing,
        } = self.setup.arrivals
        else {
            return;
        };
        let medium = self.setup.mix.at(self.rng.f64());
        let source = self.source_of(medium, None);
        self.events
            .after(Duration::ZERO, Event::Send(source, medium));
        let wait = match spacing {
            Spacing::Even => 1.0 / per_second,
            Spacing::Random => exponential(&mut self.rng, 1.0 / per_second),
        };
        let next = self.events.now() + Duration::from_secs_f64(wait);
        if next < self.until {
            self.events.at(next, Event::Next);
        }
    }

    fn source_of(&mut self, medium: Medium, client: Option<u32>) -> Source {
        match (medium, client) {
            (Medium::Live, _) => Source::Session {
                left: self.setup.times.live.frames - 1,
                key: self.rng.usize(..self.keys.len()),
                client,
            },
            (Medium::Frames | Medium::Clip, Some(client)) => Source::Client(client),
            (Medium::Frames | Medium::Clip, None) => Source::Once,
        }
    }

    /// The client's own work. It counts only where client and service share cores.
    pub(super) fn send(&mut self, source: Source, medium: Medium) {
        let shape = match medium {
            Medium::Frames => &self.shapes.frames,
            Medium::Clip => &self.shapes.clip,
            Medium::Live => &self.shapes.glance,
        };
        let work = if self.setup.cores.is_some() {
            shape.client
        } else {
            Duration::ZERO
        };
        self.work(By::Others, work, Event::Arrive(source, medium));
    }

    pub(super) fn arrive(&mut self, source: Source, medium: Medium) {
        let now = self.events.now();
        self.tally.arrived(medium, now);
        let key = match source {
            Source::Session { key, .. } => key,
            Source::Client(client) => usize::try_from(client).unwrap_or(0) % self.keys.len(),
            Source::Once => self.rng.usize(..self.keys.len()),
        };
        self.next_replica = (self.next_replica + 1) % self.replicas.len();
        let is_whole = medium == Medium::Live && self.rng.f64() < self.setup.times.live.whole_share;
        let request = Request {
            medium,
            is_whole,
            source,
            key,
            replica: self.next_replica,
            began: now,
            place: None,
            outstanding: 0,
            turns: Vec::new(),
        };
        let receive = request.shape(&self.shapes).receive;
        let ticket = self.requests.add(request);
        self.work(By::Others, receive, Event::Received(ticket));
    }

    /// What the sender of a request does after it.
    pub(super) fn go_on(&mut self, request: &Request, now: Time, retry: Option<Duration>) {
        let next = match request.source {
            Source::Once => None,
            Source::Client(client) => Some((client, retry.map(|_| request.medium))),
            Source::Session {
                left: 0, client, ..
            } => client.map(|client| (client, None)),
            Source::Session { left, key, client } => {
                // The next frame is another picture, so a refused one is not sent again.
                let pace = Duration::from_secs_f64(1.0 / self.setup.times.live.frames_per_second);
                let at = (request.began + pace).max(now + retry.unwrap_or_default());
                let source = Source::Session {
                    left: left - 1,
                    key,
                    client,
                };
                return self.events.at(at, Event::Send(source, Medium::Live));
            }
        };
        let at = now + retry.unwrap_or_default();
        if let Some((client, again)) = next
            && at < self.until
        {
            let medium = again.unwrap_or_else(|| self.setup.mix.at(self.rng.f64()));
            let source = self.source_of(medium, Some(client));
            self.events.at(at, Event::Send(source, medium));
        }
    }
}
