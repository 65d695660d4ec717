//! Random numbers: xoshiro256++ for the run, SplitMix64 for what must be drawn twice the same.

/// xoshiro256++ 1.0 of Blackman and Vigna (2019), seeded through SplitMix64 as they advise.
#[derive(Debug, Clone)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator that depends on nothing but the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut mix = SplitMix(seed);
        Self { state: std::array::from_fn(|_| mix.next()) }
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        // 1 - u lies in (0, 1], where the logarithm is finite.
        -(1.0 - self.uniform()).ln()
    }

    /// A whole number with this mean: the two next to it, in the right proportion.
    #[inline]
    pub fn round(&mut self, mean: f64) -> u32 {
        let whole = mean.floor();
        let more = mean > whole && self.uniform() < mean - whole;
        whole as u32 + u32::from(more)
    }

    /// Poisson with this mean, by counting exponential steps: its cost grows with the mean, as does
    /// that of the events drawn.
    #[inline]
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let mut left = mean;
        let mut count = 0;
        while left > 0.0 {
            left -= self.exponential();
            count += u32::from(left > 0.0);
        }
        count
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): one word of state, so that a transaction can keep where
/// its draws began and repeat them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitMix(pub u64);

impl SplitMix {
    /// 64 random bits.
    #[inline]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit(self.next())
    }
}

/// The upper 53 bits as a fraction.
#[inline]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sequences() {
        // The authors' C code from the state 1, 2, 3, 4.
        let mut r = Random { state: [1, 2, 3, 4] };
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
        ];
        assert_eq!(expected.map(|_| r.bits()), expected);
        // And SplitMix64 from the state 1234567.
        let mut s = SplitMix(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(expected.map(|_| s.next()), expected);
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut r = Random::new(7);
        let n = 200_000;
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || r.exponential()) - 1.0).abs() < 0.01);
        assert!((mean(&mut || r.exponential().powi(2)) - 2.0).abs() < 0.05);
        assert!((mean(&mut || f64::from(r.poisson(2.3))) - 2.3).abs() < 0.02);
        assert!((mean(&mut || f64::from(r.poisson(2.3)).powi(2)) - 2.3 * 3.3).abs() < 0.1);
        assert!((mean(&mut || f64::from(r.round(1.25))) - 1.25).abs() < 0.01);
    }
}
