//! Whose turn it is, of those who wait for a thread.

use std::collections::VecDeque;

use livegate_common::broker::Queue;

/// Tasks of live frames that go ahead, one after another, of a task of a verify that waits.
///
/// Live frames come one at a time and are mostly glanced at; a verify brings a few tasks of two
/// frames each, looked at whole. Where there are more live frames than the threads can look at,
/// verifies still get something like a third of the time, and end before their deadline. Where there
/// are fewer, the limit is not reached.
const MOST_IN_A_ROW: usize = 8;

/// Two lines: live frames go first, but not for ever. Each line keeps its order.
pub struct Turns<T> {
    verify: VecDeque<T>,
    interactive: VecDeque<T>,
    /// Tasks that have gone ahead since a verify had its turn, or none waited.
    in_a_row: usize,
}

impl<T> Turns<T> {
    /// Lines in which nobody waits.
    pub fn new() -> Self {
        Self {
            verify: VecDeque::new(),
            interactive: VecDeque::new(),
            in_a_row: 0,
        }
    }

    /// Puts a task at the end of its line.
    pub fn add(&mut self, queue: Queue, task: T) {
        match queue {
            Queue::Verify => self.verify.push_back(task),
            Queue::Interactive => self.interactive.push_back(task),
        }
    }

    /// Takes the task whose turn it is; `None` when none waits.
    pub fn next(&mut self) -> Option<T> {
        if self.verify.is_empty() {
            self.in_a_row = 0;
            return self.interactive.pop_front();
        }
        if self.in_a_row < MOST_IN_A_ROW
            && let Some(live) = self.interactive.pop_front()
        {
            self.in_a_row += 1;
            return Some(live);
        }
        self.in_a_row = 0;
        self.verify.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What happens to the lines: a task joins one, or a thread takes the next.
    fn event() -> impl Strategy<Value = Option<Queue>> {
        prop_oneof![
            1 => Just(Some(Queue::Verify)),
            2 => Just(Some(Queue::Interactive)),
            2 => Just(None),
        ]
    }

    proptest! {
        #[test]
        fn live_frames_go_first_and_starve_nobody(events in prop::collection::vec(event(), 0..300)) {
            let mut turns = Turns::new();
            let (mut verify, mut interactive) = (VecDeque::new(), VecDeque::new());
            let mut passed_over = 0;
            for (number, event) in events.into_iter().enumerate() {
                match event {
                    Some(queue) => {
                        turns.add(queue, number);
                        match queue {
                            Queue::Verify => verify.push_back(number),
                            Queue::Interactive => interactive.push_back(number),
                        }
                    }
                    None => {
                        let next = turns.next();
                        if next.is_some() && next == interactive.front().copied() {
                            interactive.pop_front();
                            passed_over = if verify.is_empty() { 0 } else { passed_over + 1 };
                            prop_assert!(passed_over <= MOST_IN_A_ROW, "a verify waits for ever");
                        } else {
                            prop_assert_eq!(next, verify.pop_front(), "out of order, or lost");
                            prop_assert!(
                                interactive.is_empty() || passed_over == MOST_IN_A_ROW,
                                "a live frame waits for a verify"
                            );
                            passed_over = 0;
                        }
                    }
                }
            }
        }
    }
}
