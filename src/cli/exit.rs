//! Exit codes.

use std::process::ExitCode;

/// How a run ended, as scripts and CI jobs see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: done, or the check passed; warnings do not change it. A closed pipe on stdout counts as done.
    Success,
    /// 1: a check was breached, or nothing reaches the goal of a sweep.
    Breached,
    /// 2: invalid input, usage, or connection.
    Invalid,
    /// 3: no comparable baseline.
    NoBaseline,
    /// 4: inconclusive, under `--strict` only.
    Inconclusive,
}

impl ExitStatus {
    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Breached => 1,
            Self::Invalid => 2,
            Self::NoBaseline => 3,
            Self::Inconclusive => 4,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}
