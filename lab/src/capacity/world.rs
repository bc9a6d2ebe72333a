//! The simulated service: clients and API replicas. `measuring` has the broker and the workers.
//!
//! Admission, turns, prices, the division into batches and the order of the workers' threads are the service's own code. The
//! rest of a verify is a chain of events: the API receives it, asks the store for a place, claims the session, waits for the
//! turn of each batch, seals and publishes it; a worker takes, opens and measures it; the outcome comes back.

use std::num::NonZeroUsize;
use std::time::Duration;

use fastrand::Rng;
use livegate_api::admission::LIVE_LIMIT;
use livegate_api::admission::capacity::LiveUse;
use livegate_api::admission::price::Prices;
use livegate_api::admission::room::{Full, Room};
use livegate_api::admission::turns::Turns;
use livegate_api::interactive::in_flight::LIMIT as FRAME_LIMIT;
use livegate_common::broker::Queue;
use livegate_server::pool::prefetch;
use tokio::time::Instant;

use super::cores::Cores;
use super::draw::exponential;
use super::events::{Events, Time};
use super::measuring::{Task, Worker};
use super::model::{Medium, Shapes, milliseconds};
use super::places::Places;
use super::queue::Broker;
use super::requests::{Request, Requests, Sent, Source, Ticket};
use super::setup::{Arrivals, Setup, Spacing};
use super::tally::{End, Refused, Tally};

/// Time between two looks at the queues.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What happens next.
pub(super) enum Event {
    /// The next caller of an open load comes.
    Next,
    /// A client or a session begins to send.
    Send(Source, Medium),
    /// A request leaves its client.
    Arrive(Source, Medium),
    /// The API has read a request.
    Received(Ticket),
    /// The store answers whether there is a place.
    Admission(Ticket),
    /// The session is claimed.
    Claimed(Ticket),
    /// A batch is sealed.
    Sealed(Sent),
    /// A batch is on its way through the broker.
    Brokered(Sent),
    /// The broker has a batch. It refused it so many times before.
    Published(Sent, u32),
    /// A worker has opened a batch.
    Opened(usize, Sent),
    /// A decoder has the next frame of the clip with this number in its worker.
    Decoded(usize, usize),
    /// A thread has done a task that began then.
    Measured(usize, Task, Time),
    /// The API has an outcome.
    Outcome(Sent, Duration),
    /// The end of a session is recorded.
    Recorded(Ticket),
    /// The deadline of a request.
    Deadline(Ticket),
    /// A task on these cores ends, unless another one began since.
    Cores(usize, u64),
    /// The queues are looked at.
    Look,
}

/// Whose work it is.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// Clients, API, broker and store.
    Others,
    /// This worker.
    Worker(usize),
}

pub(super) struct Replica {
    pub verify: Turns<Sent>,
    pub interactive: Turns<Sent>,
    pub prices: Prices,
    pub live_use: LiveUse,
    pub live: Places,
}

/// Messages that no worker had taken when the queues were looked at, and requests in hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looks {
    /// Messages in the queue of verifies.
    pub verify: Vec<usize>,
    /// Messages in the queue of live frames.
    pub interactive: Vec<usize>,
    /// Bytes in both queues.
    pub bytes: Vec<usize>,
    /// Requests under way.
    pub in_hand: Vec<usize>,
}

/// What a run gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What became of the requests.
    pub tally: Tally,
    /// The queues, once a second.
    pub looks: Looks,
    /// Thread time that measuring took, seconds of all threads, until the load ended.
    pub thread_s: f64,
    /// Messages that the broker refused since its queue was full.
    pub full: u64,
    /// Requests that were still under way when the run was given up.
    pub left: usize,
}

/// The simulated service.
pub struct World<'a> {
    pub(super) setup: &'a Setup,
    pub(super) shapes: Shapes,
    pub(super) events: Events<Event>,
    pub(super) cores: Vec<(Cores<Event>, u64)>,
    pub(super) requests: Requests,
    pub(super) replicas: Vec<Replica>,
    pub(super) broker: Broker<Sent>,
    pub(super) workers: Vec<Worker>,
    pub(super) rng: Rng,
    pub(super) thread_time: Duration,
    pub(super) full: u64,
    places: Places,
    keys: Vec<String>,
    /// The instant of time 0.
    start: Instant,
    until: Time,
    next_replica: usize,
    tally: Tally,
    looks: Looks,
}

impl<'a> World<'a> {
    /// An idle service.
    pub fn new(setup: &'a Setup) -> Self {
        let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let (workers, keys) = (number(setup.workers), number(setup.keys));
        let threads = NonZeroUsize::new(number(setup.threads)).unwrap_or(NonZeroUsize::MIN);
        let cores = match setup.cores {
            Some(shared) => vec![(Cores::new(f64::from(shared)), 0)],
            None => (0..workers)
                .map(|_| (Cores::new(f64::from(setup.threads)), 0))
                .collect(),
        };
        let until = Duration::from_secs_f64(setup.seconds);
        let replica = |_| Replica {
            verify: Turns::default(),
            interactive: Turns::default(),
            prices: Prices::default(),
            live_use: LiveUse::default(),
            live: Places::new(keys),
        };
        Self {
            setup,
            shapes: Shapes::of(&setup.times),
            events: Events::default(),
            cores,
            requests: Requests::default(),
            replicas: (0..setup.replicas).map(replica).collect(),
            broker: Broker::new(workers, u32::from(prefetch(threads))),
            workers: (0..workers).map(|_| Worker::new(threads.get())).collect(),
            rng: Rng::with_seed(setup.seed),
            thread_time: Duration::ZERO,
            full: 0,
            places: Places::new(keys),
            keys: (0..keys).map(|n| format!("key-{n:06}")).collect(),
            start: Instant::now(),
            until,
            next_replica: 0,
            tally: Tally::new(Duration::from_secs_f64(setup.warm_up), until),
            looks: Looks::default(),
        }
    }

    /// Runs until everything that arrived has ended, or until more than `most_failed` requests have ended without
    /// an answer.
    pub fn run(mut self, most_failed: u64) -> Run {
        match self.setup.arrivals {
            Arrivals::Open { .. } => self.events.after(Duration::ZERO, Event::Next),
            Arrivals::Closed { clients } => {
                for client in 0..clients {
                    let medium = self.setup.mix.at(self.rng.f64());
                    self.events
                        .after(Duration::ZERO, Event::Send(Source::Client(client), medium));
                }
            }
        }
        self.events.after(LOOK_EVERY, Event::Look);
        while let Some(event) = self.events.next() {
            self.handle(event);
            if self.tally.failed() > most_failed {
                break;
            }
        }
        self.tally.finish();
        Run {
            tally: self.tally,
            looks: self.looks,
            thread_s: self.thread_time.as_secs_f64(),
            full: self.full,
            left: self.requests.number(),
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Next => self.next_caller(),
            Event::Send(source, medium) => self.send(source, medium),
            Event::Arrive(source, medium) => self.arrive(source, medium),
            // The session is read first, then a place is taken: two round trips.
            Event::Received(ticket) => self.events.after(4 * self.hop(), Event::Admission(ticket)),
            Event::Admission(ticket) => self.admit(ticket),
            Event::Claimed(ticket) => self.line_up(ticket),
            Event::Sealed(sent) => {
                let broker = milliseconds(self.setup.times.path.broker_ms);
                self.work(By::Others, broker, Event::Brokered(sent));
            }
            Event::Brokered(sent) => self.events.after(self.hop(), Event::Published(sent, 0)),
            Event::Published(sent, refused) => self.published(sent, refused),
            Event::Opened(worker, sent) => self.opened(worker, sent),
            Event::Decoded(worker, clip) => self.decoded(worker, clip),
            Event::Measured(worker, task, began) => self.measured(worker, task, began),
            Event::Outcome(sent, took) => self.outcome(sent, took),
            Event::Recorded(ticket) => self.end(ticket, End::Answered, Duration::ZERO),
            Event::Deadline(ticket) => self.end(ticket, End::Late, Duration::ZERO),
            Event::Cores(cores, number) => self.ended_on(cores, number),
            Event::Look => self.look(),
        }
    }

    /// A wait on the way to the broker or the store, one way.
    pub(super) fn hop(&self) -> Duration {
        milliseconds(self.setup.times.path.hop_ms)
    }

    /// Has somebody work for so long, and then `event` happen.
    pub(super) fn work(&mut self, by: By, work: Duration, event: Event) {
        let index = match (self.setup.cores, by) {
            (Some(_), _) => 0,
            (None, By::Worker(worker)) => worker,
            (None, By::Others) => return self.events.after(work, event),
        };
        let now = self.events.now();
        if let Some((cores, number)) = self.cores.get_mut(index) {
            cores.begin(now, work, event);
            *number += 1;
            if let Some(at) = cores.next_end() {
                self.events.at(at, Event::Cores(index, *number));
            }
        }
    }

    fn ended_on(&mut self, index: usize, number: u64) {
        let now = self.events.now();
        if self
            .cores
            .get(index)
            .is_none_or(|(_, latest)| *latest != number)
        {
            return;
        }
        while let Some(event) = self
            .cores
            .get_mut(index)
            .and_then(|(cores, _)| cores.ended(now))
        {
            self.handle(event);
        }
        if let Some((cores, latest)) = self.cores.get_mut(index)
            && let Some(at) = cores.next_end()
        {
            *latest += 1;
            self.events.at(at, Event::Cores(index, *latest));
        }
    }

    fn next_caller(&mut self) {
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
    fn send(&mut self, source: Source, medium: Medium) {
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

    fn arrive(&mut self, source: Source, medium: Medium) {
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

    /// Lets a request in or refuses it, by the rules of the API.
    fn admit(&mut self, ticket: Ticket) {
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

    fn line_up(&mut self, ticket: Ticket) {
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

    fn outcome(&mut self, sent: Sent, took: Duration) {
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
    fn end(&mut self, ticket: Ticket, end: End, retry_after: Duration) {
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

    /// What the sender of a request does after it.
    fn go_on(&mut self, request: &Request, now: Time, retry: Option<Duration>) {
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

    fn look(&mut self) {
        self.looks.verify.push(self.broker.waiting(Queue::Verify));
        self.looks
            .interactive
            .push(self.broker.waiting(Queue::Interactive));
        self.looks.bytes.push(self.broker.waiting_bytes());
        self.looks.in_hand.push(self.requests.number());
        if self.events.now() + LOOK_EVERY <= self.until {
            self.events.after(LOOK_EVERY, Event::Look);
        }
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.events.now() < self.until
    }

    fn instant(&self) -> Instant {
        self.start + self.events.now()
    }
}

impl Replica {
    fn lines(&mut self, queue: Queue) -> &mut Turns<Sent> {
        match queue {
            Queue::Verify => &mut self.verify,
            Queue::Interactive => &mut self.interactive,
        }
    }
}

/// The time that `Retry-After` names: whole seconds, at least one (api/src/error/mod.rs).
fn as_told(retry_after: Duration) -> Duration {
    let seconds = retry_after.as_millis().div_ceil(1000).max(1);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
}
