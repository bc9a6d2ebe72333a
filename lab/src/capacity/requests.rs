//! Requests under way.

use std::time::Duration;

use livegate_common::broker::Queue;

use super::events::Time;
use super::shapes::{Medium, Piece, Shape, Shapes};

/// Where a request comes from, and so what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A caller who sends one request.
    Once,
    /// A client that sends one after another.
    Client(u32),
    /// A live session with this number of frames to come after this one, of a client or of a caller who comes once.
    Session {
        /// Frames that are still to come.
        left: u32,
        /// The key of the session.
        key: usize,
        /// The client.
        client: Option<u32>,
    },
}

/// A request that is under way.
#[derive(Debug)]
pub struct Request {
    /// Its kind.
    pub medium: Medium,
    /// Whether a live frame is measured as a whole.
    pub is_whole: bool,
    /// Where it comes from.
    pub source: Source,
    /// Number of its key.
    pub key: usize,
    /// Number of the replica that has it.
    pub replica: usize,
    /// When it was sent.
    pub began: Time,
    /// The work that its place counts, once it is let in.
    pub place: Option<Duration>,
    /// The batches without an outcome.
    pub outstanding: usize,
    /// For each batch whose turn came and which is not done: the work that was expected of it.
    pub turns: Vec<Option<Duration>>,
}

impl Request {
    /// The queue of its batches.
    pub fn queue(&self) -> Queue {
        match self.medium {
            Medium::Frames | Medium::Clip => Queue::Verify,
            Medium::Live => Queue::Interactive,
        }
    }

    /// Its shape.
    pub fn shape<'a>(&self, shapes: &'a Shapes) -> &'a Shape {
        match (self.medium, self.is_whole) {
            (Medium::Frames, _) => &shapes.frames,
            (Medium::Clip, _) => &shapes.clip,
            (Medium::Live, false) => &shapes.glance,
            (Medium::Live, true) => &shapes.whole,
        }
    }
}

/// The name of a request. Names are not used twice, so that what comes too late finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    slot: usize,
    serial: u64,
}

/// A batch of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its request.
    pub request: Ticket,
    /// Its number in the request, from 0.
    pub batch: usize,
    /// The queue that it goes over.
    pub queue: Queue,
}

/// The requests that are under way.
#[derive(Default)]
pub struct Requests {
    slots: Vec<(u64, Option<Request>)>,
    free: Vec<usize>,
    serial: u64,
}

impl Requests {
    /// Adds a request.
    pub fn add(&mut self, request: Request) -> Ticket {
        self.serial += 1;
        let serial = self.serial;
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(free) => *free = (serial, Some(request)),
            None => self.slots.push((serial, Some(request))),
        }
        Ticket { slot, serial }
    }

    /// A request; `None` if it has ended.
    pub fn get(&self, ticket: Ticket) -> Option<&Request> {
        let (serial, request) = self.slots.get(ticket.slot)?;
        request.as_ref().filter(|_| *serial == ticket.serial)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Request> {
        let (serial, request) = self.slots.get_mut(ticket.slot)?;
        let serial = *serial;
        request.as_mut().filter(|_| serial == ticket.serial)
    }

    /// Removes a request.
    pub fn remove(&mut self, ticket: Ticket) -> Option<Request> {
        self.get(ticket)?;
        let (_, request) = self.slots.get_mut(ticket.slot)?;
        self.free.push(ticket.slot);
        request.take()
    }

    /// What a batch is made of; `None` if its request has ended.
    pub fn piece<'a>(&self, sent: Sent, shapes: &'a Shapes) -> Option<&'a Piece> {
        let request = self.get(sent.request)?;
        request.shape(shapes).batches.get(sent.batch)
    }

    /// Number of requests that are under way.
    pub fn number(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
