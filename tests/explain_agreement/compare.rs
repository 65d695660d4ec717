//! One statement's footprint beside what the server did.

use std::fmt;

use predict::access::{AccessPath, Footprint};

use crate::server::Observed;

/// What is compared, with the share of statements that must agree.
pub const GOALS: [(&str, f64); 5] = [("path", 0.95), ("rows", 0.9), ("pages", 0.9), ("wal", 0.9), ("hot", 0.9)];

/// One statement's comparison: forecast, then found.
pub struct Comparison {
    /// Whether the model was tuned with it.
    pub half: &'static str,
    /// Case and statement.
    pub name: String,
    /// Scans, as `table path index`.
    pub paths: (Vec<String>, Vec<String>),
    /// Rows of all scans.
    pub rows: (f64, f64),
    /// Buffer accesses.
    pub pages: (f64, f64),
    /// Bytes of WAL.
    pub wal: (f64, f64),
    /// Share of HOT updates.
    pub hot: (Option<f64>, Option<f64>),
    /// By goal; `None` where there is nothing to compare.
    pub agrees: [Option<bool>; GOALS.len()],
}

fn path_name(path: AccessPath) -> &'static str {
    match path {
        AccessPath::IndexScan => "index_scan",
        AccessPath::IndexOnlyScan => "index_only_scan",
        AccessPath::BitmapScan => "bitmap_scan",
        AccessPath::SeqScan => "seq_scan",
        AccessPath::Insert => "insert",
        AccessPath::None => "none",
    }
}

fn near((a, b): (f64, f64), factor: f64, slack: f64) -> bool {
    let (a, b) = (a + slack, b + slack);
    a / b <= factor && b / a <= factor
}

impl Comparison {
    /// Compares a statement.
    pub fn new(half: &'static str, name: String, footprint: &Footprint, observed: &Observed) -> Self {
        let scans = || footprint.relations.iter().filter(|r| r.path != AccessPath::Insert);
        let mut paths: Vec<String> = scans()
            .map(|r| format!("{} {} {}", r.table, path_name(r.path), r.index.as_deref().unwrap_or("")))
            .collect();
        paths.sort();
        paths.dedup();
        // A fixed slack of a fifth of a row or page, and of a byte, is for statements that do next to nothing.
        let rows = (scans().map(|r| r.rows).sum::<f64>(), observed.rows);
        let pages = (footprint.pages.get(), observed.pages);
        let wal = (footprint.wal_bytes.get(), observed.wal);
        let hot = (footprint.hot_fraction, observed.hot);
        let agrees = [
            Some(paths == observed.paths),
            Some(near(rows, 1.5, 0.2)),
            Some(near(pages, 2.0, 0.2)),
            (wal.0 > 0.0 || wal.1 > 0.0).then(|| near(wal, 1.15, 1.0)),
            observed.hot.map(|h| (hot.0.unwrap_or(-1.0) - h).abs() <= 0.1),
        ];
        Self { half, name, paths: (paths, observed.paths.clone()), rows, pages, wal, hot, agrees }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |goal: usize| if self.agrees[goal] == Some(false) { '!' } else { ' ' };
        let share = |h: Option<f64>| h.map_or("-".to_owned(), |h| format!("{:.2}", h.abs()));
        write!(
            f,
            "{:42} {}rows {:9.2} / {:9.2} {}pages {:9.1} / {:9.1} {}wal {:7.1} / {:7.1} {}hot {} / {}",
            self.name,
            mark(1),
            self.rows.0.abs(),
            self.rows.1,
            mark(2),
            self.pages.0,
            self.pages.1,
            mark(3),
            self.wal.0,
            self.wal.1,
            mark(4),
            share(self.hot.0),
            share(self.hot.1),
        )?;
        if self.agrees[0] == Some(false) {
            write!(f, "\n{:42} !path {:?}\n{:42}  real {:?}", "", self.paths.0, "", self.paths.1)?;
        }
        Ok(())
    }
}
