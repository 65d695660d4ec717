//! How far the server compresses a value before it moves it out of its row (pglz, common/pg_lzcompress.c).

use std::collections::HashMap;

/// Bytes that a match can reach back.
const WINDOW: usize = 4095;
/// Shortest and longest match.
const MATCH: (usize, usize) = (3, 273);
/// Longest match that takes two bytes; longer ones take three.
const SHORT_MATCH: usize = 17;
/// Earlier places that are looked at for a match.
const LOOKED_AT: usize = 16;
/// Share of a value that compression must save (`min_comp_rate`), else the value stays as it is.
const LEAST_SAVED: f64 = 0.25;
/// Bytes that the compressed form adds: the length before compression.
const HEADER: f64 = 4.0;

/// Bytes of `data` compressed; `None` when that saves too little.
#[must_use]
pub fn compressed(data: &[u8]) -> Option<f64> {
    let mut places: HashMap<[u8; 3], Vec<usize>> = HashMap::new();
    let (mut at, mut items, mut bytes) = (0, 0_u32, 0_u32);
    while at < data.len() {
        let length = longest_match(data, at, &places);
        let step = if length >= MATCH.0 { length } else { 1 };
        bytes += match length {
            l if l > SHORT_MATCH => 3,
            l if l >= MATCH.0 => 2,
            _ => 1,
        };
        items += 1;
        for place in at..at + step {
            if let Some(key) = data.get(place..place + 3) {
                places.entry([key[0], key[1], key[2]]).or_default().push(place);
            }
        }
        at += step;
    }
    // One bit tells a match from a byte that stands for itself.
    let size = HEADER + f64::from(bytes) + (f64::from(items) / 8.0).ceil();
    (size <= data.len() as f64 * (1.0 - LEAST_SAVED)).then_some(size)
}

fn longest_match(data: &[u8], at: usize, places: &HashMap<[u8; 3], Vec<usize>>) -> usize {
    let Some(key) = data.get(at..at + 3) else { return 0 };
    let Some(earlier) = places.get(&[key[0], key[1], key[2]]) else { return 0 };
    let near = earlier.iter().rev().take(LOOKED_AT).take_while(|place| at - **place <= WINDOW);
    let length = |place: &usize| {
        let same = data[at..].iter().zip(&data[*place..]).take(MATCH.1);
        same.take_while(|(a, b)| a == b).count()
    };
    near.map(length).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: pg_column_size() of such texts in a table of PostgreSQL 15, their header of 4 bytes apart.
    #[test]
    fn as_far_as_the_server_does() {
        let near = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() <= 4.0, "{found:?}");
        near(compressed("and then it rained on everything ".repeat(100).as_bytes()), 79.0);
        near(compressed("x".repeat(3000).as_bytes()), 40.0);
        // Digits that repeat nothing save less than a quarter, so that they stay as they are.
        let digits: String = (0..400_u64).map(|n| format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
        assert_eq!(compressed(digits.as_bytes()), None);
    }
}
