//! What will happen, soonest first: a four-way heap of 16-byte events.
//!
//! Four children fill a cache line, so a heap of a thousand events is five levels deep; nothing is
//! allocated once the heap has grown to its size.

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// When.
    pub time: f64,
    /// Order among events of the same time: those scheduled first happen first.
    pub tie: u32,
    /// What; the meaning is the owner's.
    pub what: u32,
}

impl Event {
    #[inline]
    fn before(&self, other: &Self) -> bool {
        // The difference is signed, so that the order survives the counter's wrap.
        self.time < other.time || (self.time == other.time && (self.tie.wrapping_sub(other.tie) as i32) < 0)
    }
}

/// Events in the order of their times.
#[derive(Debug, Default)]
pub struct Calendar {
    heap: Vec<Event>,
    ties: u32,
}

impl Calendar {
    /// Adds an event and answers its tie, which tells it from later events of the same kind.
    #[inline]
    pub fn add(&mut self, time: f64, what: u32) -> u32 {
        self.ties = self.ties.wrapping_add(1);
        let event = Event { time, tie: self.ties, what };
        let mut at = self.heap.len();
        self.heap.push(event);
        while at > 0 {
            let parent = (at - 1) / 4;
            if !event.before(&self.heap[parent]) {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = event;
        self.ties
    }

    /// The soonest event, left in place.
    #[inline]
    #[must_use]
    pub fn first(&self) -> Option<&Event> {
        self.heap.first()
    }

    /// Takes the soonest event.
    #[inline]
    pub fn next(&mut self) -> Option<Event> {
        let first = *self.heap.first()?;
        let last = self.heap.pop()?;
        let len = self.heap.len();
        if len == 0 {
            return Some(first);
        }
        let mut at = 0;
        loop {
            let child = 4 * at + 1;
            if child >= len {
                break;
            }
            let mut least = child;
            for other in child + 1..(child + 4).min(len) {
                if self.heap[other].before(&self.heap[least]) {
                    least = other;
                }
            }
            if !self.heap[least].before(&last) {
                break;
            }
            self.heap[at] = self.heap[least];
            at = least;
        }
        self.heap[at] = last;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::simulation::random::Random;

    #[test]
    fn events_come_in_order_and_ties_in_the_order_added() {
        let mut random = Random::new(3);
        let mut calendar = Calendar::default();
        for k in 0..5000 {
            calendar.add((random.bits() % 100) as f64, k);
        }
        let mut out = Vec::new();
        while let Some(e) = calendar.next() {
            out.push((e.time, e.what));
        }
        assert_eq!(out.len(), 5000);
        assert!(out.windows(2).all(|w| w[0].0 < w[1].0 || (w[0].0 == w[1].0 && w[0].1 < w[1].1)));
    }

    #[test]
    fn the_order_of_ties_survives_the_wrap() {
        let mut calendar = Calendar { heap: Vec::new(), ties: u32::MAX - 1 };
        for k in 0..4 {
            calendar.add(1.0, k);
        }
        let order: Vec<u32> = std::iter::from_fn(|| calendar.next().map(|e| e.what)).collect();
        assert_eq!(order, [0, 1, 2, 3]);
    }
}
