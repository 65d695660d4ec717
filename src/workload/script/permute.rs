//! `permute(i, size, seed)`: pgbench's pseudorandom bijection of [0, size).

/// pgbench's generator, xoroshiro128**.
struct Generator(u64, u64);

impl Generator {
    /// Seeded by two steps of splitmix64.
    fn new(seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let x = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        };
        Self(next(), next())
    }

    fn next(&mut self) -> u64 {
        let (first, mixed) = (self.0, self.1 ^ self.0);
        self.0 = first.rotate_left(24) ^ mixed ^ (mixed << 16);
        self.1 = mixed.rotate_left(37);
        first.wrapping_mul(5).rotate_left(7).wrapping_mul(9)
    }

    /// A number from 0 to `most`, which is at least 1.
    fn up_to(&mut self, most: u64) -> u64 {
        loop {
            let x = self.next() >> most.leading_zeros();
            if x <= most {
                return x;
            }
        }
    }
}

/// Where `value` goes among `size` values; six rounds, each a multiplication by an odd number, an exclusive or and a
/// rotation of the lower and of the upper part, and an offset (pgbench 15 and later).
pub(super) fn permute(value: i64, size: i64, seed: i64) -> i64 {
    if size < 2 {
        return 0;
    }
    let mut generator = Generator::new(seed.cast_unsigned());
    let size = size.cast_unsigned();
    let mut v = value.cast_unsigned() % size;
    let width = size.ilog2();
    let mask = (1_u64 << width) - 1;
    let scramble = |v: u64, generator: &mut Generator| {
        let m = (generator.next() & mask) | 1;
        let r = generator.next() & mask;
        if v > mask {
            return v;
        }
        let v = (v.wrapping_mul(m) ^ r) & mask;
        ((v << 1) & mask) | (v >> (width - 1))
    };
    for _ in 0..6 {
        v = scramble(v, &mut generator);
        v = size - 1 - scramble(size - 1 - v, &mut generator);
        // Sizes up to 2^63 leave room for the sum.
        v = (v + generator.up_to(size - 1)) % size;
    }
    v.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_goes_somewhere_else() {
        for size in [1, 2, 3, 10, 64, 1000] {
            let mut seen: Vec<i64> = (0..size).map(|i| permute(i, size, 42)).collect();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..size), "{size}");
        }
    }
}
