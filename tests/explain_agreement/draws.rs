//! Values of variables, drawn apart from the code under test.

use predict::sql::tree::Literal;
use predict::workload::Distribution;

/// A small generator, so that the reference draws do not come from the code under test.
pub struct Random(u64);

impl Random {
    /// Draws of its own for each name, so that one statement does not look for what another deleted.
    pub fn of(name: &str) -> Self {
        let mixed = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3);
        Self(name.bytes().fold(0x9E37_79B9_7F4A_7C15_u64, mixed) | 1)
    }

    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn literal(l: &Literal) -> String {
    match l {
        Literal::Number(n) => format!("{n}"),
        Literal::Text(t) => format!("'{}'", t.replace('\'', "''")),
        Literal::Bool(b) => b.to_string(),
        Literal::Null => "NULL".to_owned(),
    }
}

/// One value of a variable as SQL; `serial` counts what grows.
pub fn draw(distribution: &Distribution, random: &mut Random, serial: &mut u64) -> String {
    match distribution {
        Distribution::Constant(l) => literal(l),
        Distribution::Uniform { lo, hi } => format!("{}", lo + (random.next() * (hi - lo + 1.0)).floor()),
        Distribution::OneOf(values) => {
            let mut u = random.next();
            for (l, p) in values {
                u -= p;
                if u <= 0.0 {
                    return literal(l);
                }
            }
            literal(&values[0].0)
        }
        Distribution::Sequence { start } => {
            *serial += 1;
            format!("{}", start + *serial as f64)
        }
        Distribution::Uuid { .. } => {
            let half = |random: &mut Random| (random.next() * (1u64 << 53) as f64) as u64;
            format!("'{:016x}{:016x}'", half(random) << 11, half(random) << 11)
        }
        Distribution::Zipfian { lo, hi, theta } => format!("{}", lo + rank(hi - lo + 1.0, *theta, random) - 1.0),
        other => panic!("the reference cannot draw {other:?}"),
    }
}

/// A rank from 1 to `ranks` with a probability that falls with its power `theta`, by inversion of the sum.
fn rank(ranks: f64, theta: f64, random: &mut Random) -> f64 {
    let weight = |rank: u64| (rank as f64).powf(-theta);
    let last = ranks as u64;
    let mut left = random.next() * (1..=last).map(weight).sum::<f64>();
    let found = (1..=last).find(|rank| {
        left -= weight(*rank);
        left <= 0.0
    });
    found.unwrap_or(last) as f64
}
