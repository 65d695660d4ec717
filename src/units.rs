//! Quantities with units, and PostgreSQL's way of writing them.
//!
//! Times are seconds, sizes are bytes, everywhere. PostgreSQL's `kB` is 1024 bytes and
//! case-sensitive; no published crate agrees with it, so the spelling lives in [`spelling`].

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

pub mod spelling;

/// Bytes of one PostgreSQL page (`block_size`).
pub const PAGE_BYTES: f64 = 8192.0;
/// Seconds of a day.
pub const DAY: f64 = 86_400.0;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);
            /// The bare number, in the base unit.
            #[must_use]
            pub const fn get(self) -> f64 { self.0 }
        }
        impl Add for $name { type Output = Self; fn add(self, o: Self) -> Self { Self(self.0 + o.0) } }
        impl Sub for $name { type Output = Self; fn sub(self, o: Self) -> Self { Self(self.0 - o.0) } }
        impl AddAssign for $name { fn add_assign(&mut self, o: Self) { self.0 += o.0; } }
        impl Mul<f64> for $name { type Output = Self; fn mul(self, k: f64) -> Self { Self(self.0 * k) } }
        impl Div<f64> for $name { type Output = Self; fn div(self, k: f64) -> Self { Self(self.0 / k) } }
        impl Div for $name { type Output = f64; fn div(self, o: Self) -> f64 { self.0 / o.0 } }
        impl Sum for $name { fn sum<I: Iterator<Item = Self>>(i: I) -> Self { Self(i.map(|x| x.0).sum()) } }
    };
}

quantity!(
    /// A duration, in seconds.
    Seconds
);
quantity!(
    /// A size, in bytes.
    Bytes
);
quantity!(
    /// Events per second.
    Rate
);
quantity!(
    /// Pages of [`PAGE_BYTES`] bytes; may be a fraction, since it is mostly an average.
    Pages
);

impl Seconds {
    /// From microseconds.
    #[must_use]
    pub const fn from_us(us: f64) -> Self {
        Self(us * 1e-6)
    }
    /// From milliseconds.
    #[must_use]
    pub const fn from_ms(ms: f64) -> Self {
        Self(ms * 1e-3)
    }
    /// In microseconds.
    #[must_use]
    pub fn us(self) -> f64 {
        self.0 * 1e6
    }
    /// In milliseconds.
    #[must_use]
    pub fn ms(self) -> f64 {
        self.0 * 1e3
    }
}

impl Bytes {
    /// How many pages the bytes fill, not rounded.
    #[must_use]
    pub fn pages(self) -> Pages {
        Pages(self.0 / PAGE_BYTES)
    }
}

impl Pages {
    /// The bytes that so many pages take.
    #[must_use]
    pub fn bytes(self) -> Bytes {
        Bytes(self.0 * PAGE_BYTES)
    }
}
