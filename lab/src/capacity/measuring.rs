//! The broker and the workers of the simulated service.
//!
//! A worker opens a batch and lines it up for its threads; live frames go first, by the worker's own rule. A clip needs a
//! permit, of which there are as many as threads. Its decoder gives one frame after the other, and waits while as many frames as
//! twice the threads are decoded and not measured.

use std::collections::VecDeque;
use std::time::Duration;

use livegate_common::broker::Queue;
use livegate_worker::Turns;

use super::draw::gamma;
use super::events::Time;
use super::requests::Sent;
use super::shapes::{Medium, milliseconds};
use super::world::{By, Event, World};

/// Pauses before a batch that the broker refused is published again, as in api/src/measure/work.rs.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_millis(500);

/// A task of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// The frames of a batch.
    Frames(Sent),
    /// A frame of the clip with this number.
    OfClip(usize),
}

/// A worker.
pub(super) struct Worker {
    line: Turns<Task>,
    idle: usize,
    clips: Vec<Option<Playing>>,
    /// Clips that may begin.
    permits: usize,
    without_permit: VecDeque<Sent>,
    /// Decoded frames for which there is room.
    room: usize,
    /// Clips whose decoder waits for room.
    without_room: VecDeque<usize>,
}

/// A clip that is being measured.
struct Playing {
    sent: Sent,
    to_decode: u32,
    to_measure: u32,
    took: Duration,
}

impl Worker {
    /// An idle worker.
    pub fn new(threads: usize) -> Self {
        Self {
            line: Turns::new(),
            idle: threads,
            clips: Vec::new(),
            permits: threads,
            without_permit: VecDeque::new(),
            room: 2 * threads,
            without_room: VecDeque::new(),
        }
    }
}

impl World<'_> {
    pub(super) fn published(&mut self, sent: Sent, refused: u32) {
        let Some(piece) = self.requests.piece(sent, &self.shapes) else {
            return;
        };
        if self.broker.publish(sent.queue, sent, piece.bytes).is_err() {
            self.full += 1;
            let pause = FIRST_RETRY * 2_u32.pow(refused.min(3));
            let again = Event::Published(sent, refused + 1);
            return self.events.after(pause.min(LONGEST_RETRY), again);
        }
        self.deliver(sent.queue);
    }

    fn deliver(&mut self, queue: Queue) {
        let open = milliseconds(self.setup.times.path.open_ms);
        loop {
            let requests = &self.requests;
            let is_over = |sent: &Sent| requests.get(sent.request).is_none();
            let Some((sent, worker)) = self.broker.deliver(queue, is_over) else {
                return;
            };
            self.work(By::Worker(worker), open, Event::Opened(worker, sent));
        }
    }

    /// A worker begins a batch, unless nobody waits for it any more.
    pub(super) fn opened(&mut self, index: usize, sent: Sent) {
        let medium = self
            .requests
            .get(sent.request)
            .map(|request| request.medium);
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        match medium {
            None => return self.acknowledge(index, sent.queue),
            Some(Medium::Frames) => worker.line.add(Queue::Verify, Task::Frames(sent)),
            Some(Medium::Live) => worker.line.add(Queue::Interactive, Task::Frames(sent)),
            Some(Medium::Clip) if worker.permits == 0 => worker.without_permit.push_back(sent),
            Some(Medium::Clip) => {
                worker.permits -= 1;
                self.play(index, sent);
            }
        }
        self.start(index);
    }

    fn play(&mut self, index: usize, sent: Sent) {
        let frames = self.setup.times.clip.frames;
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        let free = worker.clips.iter().position(Option::is_none);
        let number = free.unwrap_or(worker.clips.len());
        let clip = Some(Playing {
            sent,
            to_decode: frames,
            to_measure: frames,
            took: Duration::ZERO,
        });
        match worker.clips.get_mut(number) {
            Some(slot) => *slot = clip,
            None => worker.clips.push(clip),
        }
        self.decode(index, number);
    }

    /// Has the decoder go on to its next frame.
    fn decode(&mut self, index: usize, number: usize) {
        let clip = &self.setup.times.clip;
        let playing = self
            .workers
            .get(index)
            .and_then(|w| w.clips.get(number)?.as_ref());
        let is_awaited = playing.is_some_and(|p| self.requests.get(p.sent.request).is_some());
        let ms = if is_awaited { clip.decode_ms } else { 0.0 };
        let work = milliseconds(ms / f64::from(clip.frames));
        self.work(By::Worker(index), work, Event::Decoded(index, number));
    }

    pub(super) fn decoded(&mut self, index: usize, number: usize) {
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        if worker.room == 0 {
            worker.without_room.push_back(number);
            return;
        }
        worker.room -= 1;
        self.line_up_frame(index, number);
        self.start(index);
    }

    fn line_up_frame(&mut self, index: usize, number: usize) {
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        worker.line.add(Queue::Verify, Task::OfClip(number));
        if let Some(Some(clip)) = worker.clips.get_mut(number) {
            clip.to_decode -= 1;
            if clip.to_decode > 0 {
                self.decode(index, number);
            }
        }
    }

    /// Gives waiting tasks to idle threads.
    fn start(&mut self, index: usize) {
        while let Some(worker) = self.workers.get_mut(index).filter(|w| w.idle > 0) {
            let Some(task) = worker.line.take_next() else {
                return;
            };
            worker.idle -= 1;
            let sent = match task {
                Task::Frames(sent) => Some(sent),
                Task::OfClip(number) => worker
                    .clips
                    .get(number)
                    .and_then(|c| Some(c.as_ref()?.sent)),
            };
            let work = sent.map_or(Duration::ZERO, |sent| self.draw(sent, task));
            let began = self.events.now();
            self.work(By::Worker(index), work, Event::Measured(index, task, began));
        }
    }

    /// The thread time of a task; none if nobody waits for it any more.
    fn draw(&mut self, sent: Sent, task: Task) -> Duration {
        let Some(request) = self.requests.get(sent.request) else {
            return Duration::ZERO;
        };
        let setup = self.setup;
        let times = &setup.times;
        let (mean, spread) = match (request.medium, request.is_whole) {
            (Medium::Frames, _) => (times.frames.thread_ms, times.frames.spread),
            (Medium::Clip, _) => (times.clip.thread_ms, times.clip.spread),
            (Medium::Live, false) => (times.live.glance_ms, times.live.spread),
            (Medium::Live, true) => (times.live.whole_ms, times.live.spread),
        };
        let frames = match task {
            Task::OfClip(_) => 1,
            Task::Frames(_) => self
                .requests
                .piece(sent, &self.shapes)
                .map_or(0, |p| p.frames),
        };
        milliseconds(
            (0..frames)
                .map(|_| gamma(&mut self.rng, mean, spread))
                .sum(),
        )
    }

    pub(super) fn measured(&mut self, index: usize, task: Task, began: Time) {
        let took = self.events.now() - began;
        if self.is_loaded() {
            self.thread_time += took;
        }
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        worker.idle += 1;
        match task {
            Task::Frames(sent) => self.store(index, sent, took),
            Task::OfClip(number) => self.measured_of_clip(index, number, took),
        }
        self.start(index);
    }

    fn measured_of_clip(&mut self, index: usize, number: usize, took: Duration) {
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        worker.room += 1;
        let waiting = worker.without_room.pop_front();
        if waiting.is_some() {
            worker.room -= 1;
        }
        let slot = worker.clips.get_mut(number);
        let done = slot.and_then(|slot| {
            let clip = slot.as_mut()?;
            clip.took += took;
            clip.to_measure -= 1;
            if clip.to_measure == 0 {
                slot.take()
            } else {
                None
            }
        });
        let next = done.as_ref().and_then(|_| {
            let next = worker.without_permit.pop_front();
            worker.permits += usize::from(next.is_none());
            next
        });
        if let Some(waiting) = waiting {
            self.line_up_frame(index, waiting);
        }
        if let Some(clip) = done {
            self.store(index, clip.sent, clip.took);
        }
        if let Some(next) = next {
            self.play(index, next);
        }
    }

    /// Stores an outcome and acknowledges its batch.
    fn store(&mut self, index: usize, sent: Sent, took: Duration) {
        let hop = self.hop();
        self.events.after(hop, Event::Outcome(sent, took));
        self.acknowledge(index, sent.queue);
    }

    fn acknowledge(&mut self, index: usize, queue: Queue) {
        self.broker.acknowledge(queue, index);
        self.deliver(queue);
    }
}
