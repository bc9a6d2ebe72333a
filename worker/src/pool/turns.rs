//! The order in which waiting tasks get a thread.

use std::collections::VecDeque;

use livegate_common::broker::Queue;

/// Most tasks of live frames in a row while a task of a verify waits.
///
/// Live frames come one at a time and are mostly only glanced at. A verify brings a few tasks of two
/// frames each, measured in full. When there are more live frames than the threads can measure, verifies
/// still get about a third of the time and end before their deadline. Otherwise the limit is not
/// reached.
const MOST_IN_A_ROW: usize = 8;

/// Two lines of tasks. Live frames go first, up to a limit. Each line keeps its order.
pub struct Turns<T> {
    verify: VecDeque<T>,
    interactive: VecDeque<T>,
    /// Tasks of live frames taken since a verify had its turn, or since none waited.
    in_a_row: usize,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Turns<T> {
    /// Two empty lines.
    pub fn new() -> Self {
        Self {
            verify: VecDeque::new(),
            interactive: VecDeque::new(),
            in_a_row: 0,
        }
    }

    /// Adds a task to the end of the line of its queue.
    pub fn add(&mut self, queue: Queue, task: T) {
        match queue {
            Queue::Verify => self.verify.push_back(task),
            Queue::Interactive => self.interactive.push_back(task),
        }
    }

    /// Takes the task whose turn it is; `None` when both lines are empty.
    pub fn take_next(&mut self) -> Option<T> {
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

    /// An event in the lines: a task joins one, or a thread takes the next task.
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
                        let next = turns.take_next();
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
