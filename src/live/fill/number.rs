//! Numbers for the values of a column: each row's, as SQL over the number of the row.
//!
//! Everything is computed from the row's number alone, so that another table can compute what a row of this one
//! holds: that is how a foreign key finds its parent without looking.

/// Rows up to which shares are exact rather than drawn.
const SMALL: u64 = 20_000;
/// Rows per value from which values may be drawn at random: with fewer some would never come.
const ENOUGH: u64 = 8;
/// The golden ratio's fraction: multiples of it spread evenly over 0..1.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// SQL of a whole number from 1 on, with `{g}` for the number of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(pub String);

impl Number {
    /// The SQL for row `g`.
    #[must_use]
    pub fn at(&self, g: &str) -> String {
        self.0.replace("{g}", g)
    }

    /// The row's own number.
    #[must_use]
    pub fn row() -> Self {
        Self("{g}".to_owned())
    }
}

/// How the values of a column lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lie {
    /// Rows of the table.
    pub rows: u64,
    /// Distinct values, at least 1.
    pub distinct: u64,
    /// Physical order, -1..1.
    pub correlation: f64,
    /// Tells columns of one table apart.
    pub salt: u64,
}

/// Numbers 1 to `distinct` over the rows of a table.
#[must_use]
pub fn spread(lie: &Lie) -> Number {
    let Lie { rows, distinct, correlation, salt } = *lie;
    if distinct <= 1 {
        return Number("1::bigint".to_owned());
    }
    let distinct = distinct.min(rows.max(1));
    let ordered = scaled("({g} - 1)", distinct, rows);
    let random = || match () {
        () if distinct >= rows => format!("(1 + {{g}} * {} % {rows})", stride(rows, salt)),
        () if rows / distinct < ENOUGH => format!("(1 + {{g}} * {} % {rows} % {distinct})", stride(rows, salt)),
        () => format!("(1 + {} % {distinct})", hash("{g}", salt)),
    };
    let sql = match correlation {
        c if c > 0.9 => ordered,
        c if c < -0.9 => format!("({} - {ordered})", distinct + 1),
        // Each value must come, or come once: in order or not, nothing between.
        c if c.abs() < 0.1 || rows / distinct < ENOUGH => {
            if c > 0.5 {
                ordered
            } else {
                random()
            }
        }
        c => {
            let sign = if c > 0.0 { ordered } else { format!("({} - {ordered})", distinct + 1) };
            format!("CASE WHEN {} < {} THEN {sign} ELSE {} END", uniform("{g}", salt + 3, rows), c.abs(), random())
        }
    };
    Number(sql)
}

/// `k` from 0 to `of` - 1, scaled to 1 to `distinct`.
fn scaled(k: &str, distinct: u64, of: u64) -> String {
    match u128::from(distinct) * u128::from(of) < 1 << 62 {
        _ if distinct >= of => format!("({k} + 1)"),
        true => format!("({k} * {distinct} / {of} + 1)"),
        false => format!("(div({k}::numeric * {distinct}, {of}) + 1)::bigint"),
    }
}

/// One column, or one foreign key, of a key of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digit {
    /// Distinct values.
    pub distinct: u64,
    /// Most values there can be.
    pub most: u64,
    /// Whether the values of one block must be taken from all of them, rather than the first few.
    pub known: bool,
}

/// Numbers for the parts of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// By part.
    pub numbers: Vec<Number>,
    /// Distinct values of the first part, when its rows lie in blocks in the order of their numbers.
    pub blocks: Option<u64>,
}

/// Numbers for the parts of a key of several columns that no two rows share; `None` when the parts have too few
/// values.
///
/// The first part has blocks of rows, in order of the key; within a block the next part goes through its values,
/// from a place of the block's own; the last part tells the rows of the smallest block apart.
#[must_use]
pub fn key(digits: &[Digit], rows: u64, ordered: bool, salt: u64) -> Option<Key> {
    let mut distinct: Vec<u64> = digits.iter().map(|d| d.distinct.clamp(1, d.most.max(1)).min(rows.max(1))).collect();
    let blocks = |distinct: &[u64]| {
        let before = &distinct[..distinct.len().saturating_sub(1)];
        before.iter().fold(rows.max(1), |block, d| block.div_ceil((*d).min(block)))
    };
    let last = digits.last()?;
    // Too few values in front leave too many rows to tell apart: the first parts get more of theirs.
    for (i, digit) in digits.iter().enumerate().take(digits.len() - 1) {
        let block = blocks(&distinct);
        if block > last.most {
            let more = distinct[i].saturating_mul(block.div_ceil(last.most.max(1))).min(digit.most).min(rows);
            distinct[i] = more.max(distinct[i]);
        }
    }
    if blocks(&distinct) > last.most {
        return None;
    }
    let mut k = if ordered { "({g} - 1)".to_owned() } else { format!("({{g}} * {} % {rows})", stride(rows, salt)) };
    let mut block = rows.max(1);
    let mut numbers: Vec<Number> = Vec::new();
    for (i, digit) in digits.iter().enumerate() {
        let is_last = i + 1 == digits.len();
        // The last part tells apart as many rows as there are.
        let values = if is_last { block } else { distinct[i].min(block) };
        let of = if digit.known || !is_last { distinct[i].max(values) } else { values };
        let place = scaled(&k, values, block);
        numbers.push(match numbers.last() {
            Some(before) if of > values => {
                let from = hash(&before.0, salt + i as u64);
                Number(format!("(1 + (({place} - 1) * {} + {from} % {of}) % {of})", stride(of, salt + i as u64)))
            }
            _ => Number(place),
        });
        let next = block.div_ceil(values);
        if !is_last && next < block {
            k = format!("({k} % {next})");
        }
        block = next;
    }
    let blocks = (ordered && digits.len() > 1).then(|| distinct[0].min(rows.max(1)));
    Some(Key { numbers, blocks })
}

/// A row of block `t` of a table of `rows` rows that lie in `blocks` blocks, drawn by `draw`.
#[must_use]
pub fn row_of_block(t: &Number, blocks: u64, rows: u64, draw: &str) -> Number {
    let t = &t.0;
    let start = format!("((({t}) - 1) * {rows} + {}) / {blocks}", blocks - 1);
    let end = format!("(({t}) * {rows} + {}) / {blocks}", blocks - 1);
    Number(format!("({start} + 1 + {draw} % greatest({end} - {start}, 1))"))
}

/// The block in which a row lies: [`row_of_block`] the other way round.
#[must_use]
pub fn block_of_row(row: &Number, blocks: u64, rows: u64) -> Number {
    Number(scaled(&format!("(({}) - 1)", row.0), blocks, rows))
}

/// A step through `rows` rows that meets every one once, and neighbours far apart.
#[must_use]
pub fn stride(rows: u64, salt: u64) -> u64 {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
    let start = ((0.15 + 0.7 * (GOLDEN * (salt as f64 + 1.0)).fract()) * rows as f64) as u64;
    let coprime = |n: &u64| gcd(*n, rows) == 1;
    (start.max(1)..rows.max(2)).find(coprime).unwrap_or(1)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A random whole number from 0 on that is the same whenever asked for.
#[must_use]
pub fn hash(g: &str, salt: u64) -> String {
    format!("(hashint8extended({g}, {salt}) & 4611686018427387903)")
}

/// A number in 0..1 for each row; in a small table each of an even spread once, so that shares are exact.
#[must_use]
pub fn uniform(g: &str, salt: u64, rows: u64) -> String {
    if rows <= SMALL {
        return format!("(({g} * {} % {rows} + 0.5) / {rows})", stride(rows, salt));
    }
    format!("((hashint8extended({g}, {salt}) & 1048575) / 1048576.0)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_meet_every_row() {
        for rows in [1u64, 2, 3, 10, 64, 97, 1000, 1024] {
            for salt in 0..20 {
                let s = stride(rows, salt);
                let met: std::collections::BTreeSet<u64> = (1..=rows).map(|g| g * s % rows).collect();
                assert_eq!(met.len() as u64, rows, "{rows} {salt}");
            }
        }
    }

    #[test]
    fn keys_without_room_are_refused() {
        let digit = |distinct, most| Digit { distinct, most, known: true };
        assert_eq!(key(&[digit(3, 3), digit(4, 4)], 13, true, 1), None);
        assert!(key(&[digit(3, 3), digit(4, 4)], 12, true, 1).is_some());
        assert!(key(&[digit(1, 5), digit(4, 4)], 20, true, 1).is_some(), "the first part gets more values");
    }
}
