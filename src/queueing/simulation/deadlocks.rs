//! Circles of customers that wait for each other.

use crate::queueing::simulation::engine::NONE;
use crate::queueing::simulation::locks::{Hold, Locks};

impl Locks {
    /// Whether a customer that waits is part of a circle of those who wait for each other.
    pub fn deadlocked(&mut self, customer: u32) -> bool {
        self.search.clear();
        self.seen.clear();
        self.search.push(customer);
        while let Some(waiter) = self.search.pop() {
            let wish = self.wish[waiter as usize];
            if wish == NONE {
                continue;
            }
            let Hold { row, mode, .. } = self.holds[wish as usize];
            // A holder blocks the waiter, or somebody who waits before it and blocks it in turn.
            let before = self.conflicts[usize::from(mode)] | self.conflicts_before(row, wish);
            let mut at = self.rows[row as usize].holders;
            while at != NONE {
                let hold = self.holds[at as usize];
                at = hold.next;
                if hold.customer == waiter || before >> hold.mode & 1 == 0 {
                    continue;
                }
                if hold.customer == customer {
                    return true;
                }
                if !self.seen.contains(&hold.customer) {
                    self.seen.push(hold.customer);
                    self.search.push(hold.customer);
                }
            }
        }
        false
    }

    /// Customers found on the way in the last search that are part of the same circle.
    pub fn circle(&mut self, customer: u32) -> Vec<u32> {
        let candidates = self.seen.clone();
        let mut out = vec![customer];
        for c in candidates {
            if self.wish[c as usize] != NONE && self.deadlocked(c) {
                out.push(c);
            }
        }
        out
    }

    /// Modes that those who wait before `wish` conflict with.
    fn conflicts_before(&self, row: u32, wish: u32) -> u8 {
        let (mut at, mut bits) = (self.rows[row as usize].first, 0);
        while at != NONE && at != wish {
            let hold = self.holds[at as usize];
            bits |= self.conflicts[usize::from(hold.mode)];
            at = hold.next;
        }
        bits
    }
}
