//! The API of the simulated service: admission, the turns of batches, and the ends of requests.

use std::time::Duration;

use livegate_api::admission::LIVE_LIMIT;
use livegate_api::admission::capacity::LiveUse;
use livegate_api::admission::price::Prices;
use livegate_api::admission::room::{Full, Room};
use livegate_api::admission::turns::Turns;
use livegate_api::interactive::in_flight::LIMIT as FRAME_LIMIT;
use livegate_common::broker::Queue;
use tokio::time::Instant;

use super::places::Places;
use super::requests::{Sent, Ticket};
use super::shapes::{Medium, milliseconds};
use super::tally::{End, Refused};
use super::world::{By, Event, World};

/// An API replica: what it does not share with the others.
pub(super) struct Replica {
    verify: Turns<Sent>,
    interactive: Turns<Sent>,
    prices: Prices,
    live_use: LiveUse,
    /// Its live frames.
    live: Places,
}

impl Replica {
    /// A replica without work, for this number of keys.
    pub fn new(keys: usize) -> Self {
        Self {
            verify: Turns::default(),
            interactive: Turns::default(),
            prices: Prices::default(),
            live_use: LiveUse::default(),
            live: Places::new(keys),
        }
    }

    fn lines(&mut self, queue: Queue) -> &mut Turns<Sent> {
        match queue {
            Queue::Verify => &mut self.verify,
            Queue::Interactive => &mut self.interactive,
        }
    }
}

impl World<'_> {
    /// Lets a request in or refuses it, by the rules of the API.
    pub(super) fn admit(&mut self, ticket: Ticket) {
        let instant = self.instant();
        let (threads, weight) = (f64::from(self.setup.all_threads()), self.setup.places);
        let Some(request) = self.requests.get_mut(ticket) else {
            return;
        };
        let Some(replica) = self.replicas.get_mut(request.replica) else {
            return;
        };
        let work = replica.prices.expected(&request.shape(&self.shapes).work);
        let (room, places, limit) = match request.medium {
            Medium::Frames | Medium::Clip => {
                let threads = replica.live_use.threads_for_verify(threads, instant);
                let limit = self.setup.deadline;
                (Room { threads, limit }, &mut self.places, limit)
            }
            Medium::Live => {
                let limit = LIVE_LIMIT;
                (Room { threads, limit }, &mut replica.live, FRAME_LIMIT)
            }
        };
        let load = places.load(request.key, weight);
        let is_limited = request.medium != Medium::Live;
        let refused = if is_limited && load.own_places >= self.setup.places {
            Some((Refused::Key, room.next_end(&load, weight)))
        } else {
            match room.admit(&load, weight, work) {
                Ok(()) => None,
                Err(Full::Share { retry_after }) => Some((Refused::Share, retry_after)),
                Err(Full::Server { retry_after }) => Some((Refused::Server, retry_after)),
            }
        };
        if let Some((reason, retry_after)) = refused {
            return self.end(ticket, End::Refused(reason), retry_after);
        }
        places.take(request.key, weight, work);
        request.place = Some(work);
        self.events.after(limit, Event::Deadline(ticket));
        self.events.after(2 * self.hop(), Event::Claimed(ticket));
    }

    pub(super) fn line_up(&mut self, ticket: Ticket) {
        let weight = self.setup.places;
        let Some(request) = self.requests.get_mut(ticket) else {
            return;
        };
        let pieces = &request.shape(&self.shapes).batches;
        request.outstanding = pieces.len();
        request.turns = vec![None; pieces.len()];
        let (index, queue) = (request.replica, request.queue());
        let Some(replica) = self.replicas.get_mut(index) else {
            return;
        };
        let key = self.keys.get(request.key).map_or("", String::as_str);
        for (batch, piece) in pieces.iter().enumerate() {
            let work = replica.prices.expected(&piece.work);
            let sent = Sent {
                request: ticket,
                batch,
                queue,
            };
            replica.lines(queue).add(key, weight, work, sent);
        }
        self.let_go(index, queue);
    }

    /// Lets every batch go whose turn it is.
    fn let_go(&mut self, replica: usize, queue: Queue) {
        let threads = f64::from(self.setup.all_threads());
        loop {
            let requests = &self.requests;
            let is_over = |sent: &Sent| requests.get(sent.request).is_none();
            let lines = self.replicas.get_mut(replica).map(|r| r.lines(queue));
            let Some(next) = lines.and_then(|lines| lines.next(threads, is_over)) else {
                return;
            };
            let sent = next.ticket;
            let turn = self.requests.get_mut(sent.request);
            if let Some(turn) = turn.and_then(|r| r.turns.get_mut(sent.batch)) {
                *turn = Some(next.work);
            }
            let seal = milliseconds(self.setup.times.path.seal_ms);
            self.work(By::Others, seal, Event::Sealed(sent));
        }
    }

    pub(super) fn outcome(&mut self, sent: Sent, took: Duration) {
        let instant = self.instant();
        let Some(request) = self.requests.get_mut(sent.request) else {
            return;
        };
        let Some(expected) = request.turns.get_mut(sent.batch).and_then(Option::take) else {
            return;
        };
        request.outstanding -= 1;
        let is_last = request.outstanding == 0;
        let (index, queue) = (request.replica, request.queue());
        if let Some(replica) = self.replicas.get_mut(index) {
            // A whole look at a live frame may go on from a glance, so its time says little.
            if let Some(piece) = request.shape(&self.shapes).batches.get(sent.batch)
                && !request.is_whole
            {
                replica.prices.learn(&piece.work, took, instant);
            }
            if queue == Queue::Interactive {
                replica.live_use.add(took, instant);
            }
            let key = self.keys.get(request.key).map_or("", String::as_str);
            replica.lines(queue).done(key, expected, Some(took));
        }
        if is_last {
            self.events
                .after(2 * self.hop(), Event::Recorded(sent.request));
        }
        self.let_go(index, queue);
    }

    /// Ends a request, unless it has ended.
    pub(super) fn end(&mut self, ticket: Ticket, end: End, retry_after: Duration) {
        let Some(request) = self.requests.remove(ticket) else {
            return;
        };
        let now = self.events.now();
        self.tally.ended(request.medium, request.began, now, end);
        if let Some(work) = request.place {
            let weight = self.setup.places;
            match request.medium {
                Medium::Frames | Medium::Clip => self.places.free(request.key, weight, work),
                Medium::Live => {
                    if let Some(replica) = self.replicas.get_mut(request.replica) {
                        replica.live.free(request.key, weight, work);
                    }
                }
            }
        }
        let queue = request.queue();
        let key = self.keys.get(request.key).map_or("", String::as_str);
        let is_given_up = request.turns.iter().any(Option::is_some);
        for expected in request.turns.iter().flatten() {
            if let Some(replica) = self.replicas.get_mut(request.replica) {
                replica.lines(queue).done(key, *expected, None);
            }
        }
        if is_given_up {
            self.let_go(request.replica, queue);
        }
        let retry = match end {
            End::Refused(_) => Some(as_told(retry_after)),
            End::Answered | End::Late => None,
        };
        self.go_on(&request, now, retry);
    }

    fn instant(&self) -> Instant {
        self.start + self.events.now()
    }
}

/// The time that `Retry-After` names: whole seconds, at least one (api/src/error/mod.rs).
fn as_told(retry_after: Duration) -> Duration {
    let seconds = retry_after.as_millis().div_ceil(1000).max(1);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
}
