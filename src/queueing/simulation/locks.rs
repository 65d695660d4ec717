//! Row locks, held to the end of the transaction, first come first served.
//!
//! Only rows that somebody holds or wants exist here. Rows and holds live in slabs and point to each
//! other by index, so that nothing is allocated once the slabs have grown.

use crate::queueing::simulation::engine::NONE;
use crate::queueing::simulation::model::MODES;

/// Remembered versions; a power of two.
const VERSIONS: usize = 1 << 16;

/// A row that is held or wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) key: u64,
    /// Next in the same bucket.
    pub(super) next: u32,
    /// First of those who hold it.
    pub(super) holders: u32,
    /// First and last of those who wait.
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) waiting: u32,
}

/// A customer's hold of a row, or its wish for one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub(super) customer: u32,
    pub(super) row: u32,
    pub(super) mode: u8,
    /// Next holder of, or waiter for, the row.
    pub(super) next: u32,
    /// Next hold of the same customer.
    pub(super) next_own: u32,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Granted,
    Waiting,
    /// Somebody else has it, and the request was not to wait.
    Refused,
}

/// A grant that came with a release: who, and how many waited for the row, itself included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    pub customer: u32,
    pub waited: u32,
}

/// All locks.
#[derive(Debug)]
pub(super) struct Locks {
    pub(super) conflicts: [u8; MODES],
    versioned: u8,
    buckets: Vec<u32>,
    pub(super) rows: Vec<Row>,
    free_row: u32,
    used: usize,
    pub(super) holds: Vec<Hold>,
    free_hold: u32,
    /// By customer: its first hold, and its wish.
    own: Vec<u32>,
    pub(super) wish: Vec<u32>,
    /// Last commit of a new version by row; a later row may overwrite an earlier one in the same slot.
    versions: Vec<(u64, f64)>,
    /// Grants that the last release brought about.
    pub grants: Vec<Grant>,
    /// Customers to look at in a search for a deadlock.
    pub(super) search: Vec<u32>,
    pub(super) seen: Vec<u32>,
}

impl Locks {
    pub fn new(conflicts: [u8; MODES], versioned: u8) -> Self {
        Self {
            conflicts,
            versioned,
            buckets: vec![NONE; 256],
            rows: Vec::new(),
            free_row: NONE,
            used: 0,
            holds: Vec::new(),
            free_hold: NONE,
            own: Vec::new(),
            wish: Vec::new(),
            versions: if versioned == 0 { Vec::new() } else { vec![(u64::MAX, 0.0); VERSIONS] },
            grants: Vec::new(),
            search: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Makes room for a customer of that number.
    pub fn reserve(&mut self, customer: u32) {
        let len = customer as usize + 1;
        if self.own.len() < len {
            self.own.resize(len, NONE);
            self.wish.resize(len, NONE);
        }
    }

    /// Whether the customer holds anything.
    pub fn holds_any(&self, customer: u32) -> bool {
        self.own[customer as usize] != NONE
    }

    /// Asks for a row.
    pub fn request(&mut self, customer: u32, key: u64, mode: u8, wait: bool) -> Answer {
        let row = self.find_or_add(key);
        let (mut mine, mut blocked) = (NONE, false);
        let mut at = self.rows[row as usize].holders;
        while at != NONE {
            let hold = self.holds[at as usize];
            if hold.customer == customer {
                mine = at;
            } else {
                blocked |= self.conflict(mode, hold.mode);
            }
            at = hold.next;
        }
        // Whoever holds the row already need not queue again behind those who wait for it.
        if mine != NONE && (!blocked || self.holds[mine as usize].mode >= mode) {
            self.holds[mine as usize].mode = self.holds[mine as usize].mode.max(mode);
            return Answer::Granted;
        }
        if mine == NONE && !blocked {
            blocked = self.blocked_by_waiters(row, mode);
        }
        if !blocked {
            self.grant(row, customer, mode);
            return Answer::Granted;
        }
        if !wait {
            return Answer::Refused;
        }
        let wish = self.add_hold(Hold { customer, row, mode, next: NONE, next_own: NONE });
        self.queue(row, wish, mine != NONE);
        self.wish[customer as usize] = wish;
        Answer::Waiting
    }

    /// Puts a wish at the end of the row's queue; at its front when it comes from a holder, who
    /// would else wait for those who wait for it.
    fn queue(&mut self, row: u32, wish: u32, front: bool) {
        let r = &mut self.rows[row as usize];
        r.waiting += 1;
        if r.first == NONE {
            (r.first, r.last) = (wish, wish);
        } else if front {
            self.holds[wish as usize].next = std::mem::replace(&mut r.first, wish);
        } else {
            let last = std::mem::replace(&mut r.last, wish);
            self.holds[last as usize].next = wish;
        }
    }

    /// Releases all that a customer holds and wants; the grants that follow are in `grants`. After a
    /// commit (`committed` is its time) the rows it has changed have a new version.
    pub fn release(&mut self, customer: u32, committed: Option<f64>) {
        self.grants.clear();
        self.withdraw(customer);
        let mut at = std::mem::replace(&mut self.own[customer as usize], NONE);
        while at != NONE {
            let hold = self.holds[at as usize];
            if let Some(time) = committed
                && self.versioned >> hold.mode & 1 == 1
            {
                let key = self.rows[hold.row as usize].key;
                self.versions[slot(key)] = (key, time);
            }
            self.unlink_holder(hold.row, at);
            self.free(at);
            self.serve_waiters(hold.row);
            at = hold.next_own;
        }
    }

    /// When the last version of a row was committed, as far as it is remembered.
    pub fn version(&self, key: u64) -> f64 {
        match self.versions.get(slot(key)) {
            Some((known, time)) if *known == key => *time,
            _ => f64::NEG_INFINITY,
        }
    }

    fn conflict(&self, a: u8, b: u8) -> bool {
        self.conflicts[usize::from(a)] >> b & 1 == 1
    }

    fn blocked_by_waiters(&self, row: u32, mode: u8) -> bool {
        let mut at = self.rows[row as usize].first;
        while at != NONE {
            let hold = self.holds[at as usize];
            if self.conflict(mode, hold.mode) {
                return true;
            }
            at = hold.next;
        }
        false
    }

    /// Takes a customer's wish back; those behind it may get their turn.
    fn withdraw(&mut self, customer: u32) {
        let wish = std::mem::replace(&mut self.wish[customer as usize], NONE);
        if wish == NONE {
            return;
        }
        let row = self.holds[wish as usize].row;
        let (mut before, mut at) = (NONE, self.rows[row as usize].first);
        while at != wish {
            before = at;
            at = self.holds[at as usize].next;
        }
        self.unlink_waiter(row, before, wish);
        self.free(wish);
        self.serve_waiters(row);
    }

    /// Grants to those who wait as far as their turn has come; forgets the row when nobody is left.
    fn serve_waiters(&mut self, row: u32) {
        loop {
            let first = self.rows[row as usize].first;
            if first == NONE {
                break;
            }
            let Hold { customer, mode, .. } = self.holds[first as usize];
            let mut at = self.rows[row as usize].holders;
            while at != NONE {
                let hold = self.holds[at as usize];
                if hold.customer != customer && self.conflict(mode, hold.mode) {
                    return;
                }
                at = hold.next;
            }
            let waited = self.rows[row as usize].waiting;
            self.unlink_waiter(row, NONE, first);
            self.free(first);
            self.wish[customer as usize] = NONE;
            self.grant(row, customer, mode);
            self.grants.push(Grant { customer, waited });
        }
        if self.rows[row as usize].holders == NONE {
            self.forget(row);
        }
    }

    fn grant(&mut self, row: u32, customer: u32, mode: u8) {
        let next = self.rows[row as usize].holders;
        let next_own = self.own[customer as usize];
        let hold = self.add_hold(Hold { customer, row, mode, next, next_own });
        self.rows[row as usize].holders = hold;
        self.own[customer as usize] = hold;
    }

    fn unlink_holder(&mut self, row: u32, hold: u32) {
        let next = self.holds[hold as usize].next;
        let mut at = self.rows[row as usize].holders;
        if at == hold {
            self.rows[row as usize].holders = next;
            return;
        }
        while self.holds[at as usize].next != hold {
            at = self.holds[at as usize].next;
        }
        self.holds[at as usize].next = next;
    }

    fn unlink_waiter(&mut self, row: u32, before: u32, wish: u32) {
        let next = self.holds[wish as usize].next;
        if before != NONE {
            self.holds[before as usize].next = next;
        }
        let r = &mut self.rows[row as usize];
        if before == NONE {
            r.first = next;
        }
        if r.last == wish {
            r.last = before;
        }
        r.waiting -= 1;
    }

    fn add_hold(&mut self, hold: Hold) -> u32 {
        let at = self.free_hold;
        if at == NONE {
            self.holds.push(hold);
            return self.holds.len() as u32 - 1;
        }
        self.free_hold = self.holds[at as usize].next;
        self.holds[at as usize] = hold;
        at
    }

    fn free(&mut self, hold: u32) {
        self.holds[hold as usize].next = self.free_hold;
        self.free_hold = hold;
    }

    fn find_or_add(&mut self, key: u64) -> u32 {
        let bucket = self.bucket(key);
        let mut at = self.buckets[bucket];
        while at != NONE {
            if self.rows[at as usize].key == key {
                return at;
            }
            at = self.rows[at as usize].next;
        }
        if self.used >= self.buckets.len() {
            self.grow();
        }
        let bucket = self.bucket(key);
        let row = Row { key, next: self.buckets[bucket], holders: NONE, first: NONE, last: NONE, waiting: 0 };
        self.used += 1;
        let at = self.free_row;
        let at = if at == NONE {
            self.rows.push(row);
            self.rows.len() as u32 - 1
        } else {
            self.free_row = self.rows[at as usize].next;
            self.rows[at as usize] = row;
            at
        };
        self.buckets[bucket] = at;
        at
    }

    fn forget(&mut self, row: u32) {
        let Row { key, next, .. } = self.rows[row as usize];
        let bucket = self.bucket(key);
        let mut at = self.buckets[bucket];
        if at == row {
            self.buckets[bucket] = next;
        } else {
            while self.rows[at as usize].next != row {
                at = self.rows[at as usize].next;
            }
            self.rows[at as usize].next = next;
        }
        self.rows[row as usize].next = self.free_row;
        self.free_row = row;
        self.used -= 1;
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.buckets);
        self.buckets = vec![NONE; old.len() * 4];
        for mut at in old {
            while at != NONE {
                let Row { key, next, .. } = self.rows[at as usize];
                let bucket = self.bucket(key);
                self.rows[at as usize].next = self.buckets[bucket];
                self.buckets[bucket] = at;
                at = next;
            }
        }
    }

    fn bucket(&self, key: u64) -> usize {
        (hash(key) >> 32) as usize & (self.buckets.len() - 1)
    }
}

/// Fibonacci hashing (Knuth 6.4): the upper bits are well mixed.
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn slot(key: u64) -> usize {
    (hash(key) >> 40) as usize & (VERSIONS - 1)
}
