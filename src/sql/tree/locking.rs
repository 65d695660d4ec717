//! Locks on rows: how strong, on which tables, and what happens at a locked row.

/// FOR UPDATE and its kin.
#[derive(Debug, Clone, PartialEq)]
pub struct LockClause {
    /// Strength.
    pub mode: LockMode,
    /// OF tables; empty: all.
    pub of: Vec<String>,
    /// What happens at a locked row.
    pub wait: LockWait,
}

/// Row lock strengths, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    /// FOR KEY SHARE, and what a foreign-key check takes.
    KeyShare,
    /// FOR SHARE.
    Share,
    /// FOR NO KEY UPDATE, and what an UPDATE of other columns takes.
    NoKeyUpdate,
    /// FOR UPDATE, and what DELETE or an UPDATE of a key takes.
    Update,
}

impl LockMode {
    /// The name as SQL writes it after FOR, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyShare => "key share",
            Self::Share => "share",
            Self::NoKeyUpdate => "no key update",
            Self::Update => "update",
        }
    }

    /// Whether two holders of one row must wait for each other (PostgreSQL's tuple lock table).
    #[must_use]
    pub const fn conflicts(self, other: Self) -> bool {
        use LockMode::{KeyShare, NoKeyUpdate, Share, Update};
        match (self, other) {
            (Update, _) | (_, Update) => true,
            (KeyShare, _) | (_, KeyShare) => false,
            (Share, Share) => false,
            (NoKeyUpdate, _) | (_, NoKeyUpdate) => true,
        }
    }
}

/// What a locking statement does at a row that is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockWait {
    /// Waits.
    Block,
    /// SKIP LOCKED.
    SkipLocked,
    /// NOWAIT.
    NoWait,
}
