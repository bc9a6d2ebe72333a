//! The simulated service: its parts and its events. `clients`, `api` and `measuring` say what happens at each.
//!
//! Admission, turns, prices, the division into batches and the order of the workers' threads are the service's own code. The
//! rest of a verify is a chain of events: the API receives it, asks the store for a place, claims the session, waits for the
//! turn of each batch, seals and publishes it; a worker takes, opens and measures it; the outcome comes back.

use std::num::NonZeroUsize;
use std::time::Duration;

use fastrand::Rng;
use livegate_common::broker::Queue;
use livegate_server::pool::prefetch;
use tokio::time::Instant;

use super::api::Replica;
use super::cores::Cores;
use super::events::{Events, Time};
use super::measuring::{Task, Worker};
use super::places::Places;
use super::queue::Broker;
use super::requests::{Requests, Sent, Source, Ticket};
use super::setup::{Arrivals, Setup};
use super::shapes::{Medium, Shapes, milliseconds};
use super::tally::{End, Tally};

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
    /// The broker has a batch. The number says how often it refused the batch before.
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
    pub(super) places: Places,
    pub(super) keys: Vec<String>,
    /// The instant of time 0.
    pub(super) start: Instant,
    pub(super) until: Time,
    pub(super) next_replica: usize,
    pub(super) tally: Tally,
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
        Self {
            setup,
            shapes: Shapes::of(&setup.times, setup.all_threads()),
            events: Events::default(),
            cores,
            requests: Requests::default(),
            replicas: (0..setup.replicas).map(|_| Replica::new(keys)).collect(),
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
}
