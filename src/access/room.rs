//! Whether the new version of a row finds room on the page of the old one.
//!
//! Rows on a full page leave less than one row's bytes free, and a table that has been updated for long has some
//! more on every page. A version that does not fit goes to a page with room, mostly one that another version left:
//! pages give and take room, so that the share of those without stays as it is until each has been left once.

use statrs::function::erf::erfc;

use crate::access::pruning;
use crate::access::relation::TableInfo;
use crate::access::sizes;
use crate::access::tally::Reach;
use crate::machine::coefficients::state::{AGED_ROOM, EXECUTIONS_SINCE_FULL, EXECUTIONS_SINCE_VACUUM, UNFILLED};
use crate::schema::sizes::ColumnWidth;
use crate::units::PAGE_BYTES;

/// How many times their mean versions that stand side by side take at most, where that decides nothing.
const BESIDE_ALWAYS: f64 = 3.0;

/// Where new versions go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Share that stays on the page of the old version.
    pub stays: f64,
    /// Bytes of an average version that goes elsewhere: the wide ones do.
    pub moved_bytes: f64,
}

/// Where new versions of such columns go, when a statement updates `rows` of the table's rows, those of `reach`.
#[must_use]
pub fn of_versions(info: &TableInfo, columns: &[ColumnWidth], rows: f64, reach: &Reach) -> Room {
    let bytes = sizes::logged_bytes(columns);
    let growth = (sizes::slot(bytes) - sizes::slot(info.tuple_bytes)).max(0.0);
    if growth <= 0.0 && info.tuple_bytes * BESIDE_ALWAYS * rows.max(1.0) < reserved(info) {
        return Room { stays: 1.0, moved_bytes: bytes };
    }
    // Narrow and wide rows, by how far sizes spread.
    let spread = deviation(columns).min(bytes - sizes::header_bytes(columns.len(), true));
    let (mut moved, mut moved_bytes) = (0.0, 0.0);
    for bytes in [bytes - spread, bytes + spread] {
        let share = share_that_moves(info, (bytes, growth), rows, reach) / 2.0;
        moved += share;
        moved_bytes += share * bytes;
    }
    Room { stays: 1.0 - moved, moved_bytes: if moved > 0.0 { moved_bytes / moved } else { bytes } }
}

/// The standard deviation of the size of rows: some values are missing, and lengths spread evenly.
fn deviation(columns: &[ColumnWidth]) -> f64 {
    let variance = |c: &ColumnWidth| {
        let present = 1.0 - c.null_fraction;
        c.bytes.powi(2) * present * c.null_fraction + present * c.spread.powi(2) / 12.0
    };
    columns.iter().map(variance).sum::<f64>().sqrt()
}

/// Share of new versions of `bytes` that go elsewhere, in a table whose rows grow by `growth` as they are updated.
fn share_that_moves(info: &TableInfo, (bytes, growth): (f64, f64), rows: f64, reach: &Reach) -> f64 {
    let (old, new) = (sizes::slot(info.tuple_bytes), sizes::slot(bytes));
    // Rows of one execution on one page need room side by side.
    let beside = 1.0 + ((rows - 1.0).max(0.0) * reach.together.powi(2)).min(info.density() - 1.0);
    let first = without_room(info, (new, beside, 0.0), old);
    // Until every page has been left once.
    let most = if first < 1.0 { (first / (1.0 - first)).min(1.0) } else { 1.0 };
    let history = EXECUTIONS_SINCE_FULL / EXECUTIONS_SINCE_VACUUM;
    let moved = pruning::over_pages(info, rows / beside, reach, &|mean| {
        let updates = (mean * history).max(1e-9);
        // Mean over pages that are visited at all, half of them behind it at each visit.
        let visits = updates / (1.0 - (-updates).exp());
        let before = ((visits - 1.0) / 2.0 * beside).clamp(0.0, info.density());
        let grown = without_room(info, (new, beside, growth * before), old) - first;
        // Each version that leaves gives its page room for what others grow by.
        first.min(most / updates) + grown.min(growth / old).max(0.0)
    });
    moved.clamp(0.0, 1.0)
}

/// Bytes that are kept free on every page.
fn reserved(info: &TableInfo) -> f64 {
    PAGE_BYTES * (1.0 - info.fillfactor).max(AGED_ROOM)
}

/// Share of `beside` versions of `slot` bytes each that find no room on a page whose rows of `old` bytes have grown
/// by so much.
fn without_room(info: &TableInfo, (slot, beside, grown): (f64, f64, f64), old: f64) -> f64 {
    let reserve = reserved(info);
    let free = sizes::HEAP_USABLE - reserve;
    // What the last row leaves: of rows of many sizes anything up to most of one row, as small ones fill the gaps.
    let (least, most) = if info.pages <= 1.0 {
        let left = (free - info.rows * old).max(0.0);
        (left, left)
    } else if info.constant_rows {
        let left = free - (free / old).floor() * old;
        (left, left)
    } else {
        (0.0, old * UNFILLED)
    };
    const POINTS: u32 = 16;
    let missing = |point: u32| {
        let left = least + (most - least) * (f64::from(point) + 0.5) / f64::from(POINTS);
        let room = ((reserve + left - grown).max(0.0) / slot).floor();
        if beside > 1.0 { excess(beside, room) / beside } else { 1.0 - room.min(1.0) }
    };
    (0..POINTS).map(missing).sum::<f64>() / f64::from(POINTS)
}

/// Mean of what a number of rows has beyond `room`, where it is Poisson around `mean`, as of a normal law.
fn excess(mean: f64, room: f64) -> f64 {
    let deviation = mean.sqrt();
    let distance = (room - mean) / deviation;
    let density = (-distance * distance / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let beyond = 0.5 * erfc(distance / std::f64::consts::SQRT_2);
    (deviation * (density - distance * beyond)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: the mean of max(0, n - 4) over Poisson numbers n around 3.33 and 2, by summation.
    #[test]
    fn what_is_beyond_the_room() {
        assert!((excess(3.33, 4.0) - 0.448).abs() < 0.03, "{}", excess(3.33, 4.0));
        assert!((excess(2.0, 4.0) - 0.075).abs() < 0.03, "{}", excess(2.0, 4.0));
        assert!(excess(2.0, 40.0) < 1e-9);
    }
}
