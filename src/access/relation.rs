//! One table with its statistics and sizes resolved: what the planner sees and what is there.

use std::collections::HashMap;

use crate::access::catalog::Written;
use crate::access::column::ColumnInfo;
use crate::access::sizes;
use crate::schema::btree::{BTREE_FILLFACTOR, BtreeGrowth, RANDOM_FILL, btree};
use crate::schema::sizes::ColumnWidth;
use crate::schema::{self, Schema, Table, TableId, TableName};
use crate::sql::tree::Expr;
use crate::workload::TableStats;

/// An index with its sizes.
#[derive(Debug, Clone)]
pub struct IndexInfo {
    /// Its name.
    pub name: String,
    /// Place in `Table::indexes`.
    pub place: usize,
    /// btree, hash, gin, gist, spgist or brin.
    pub method: String,
    /// Key columns by place; `None` for an expression.
    pub keys: Vec<Option<usize>>,
    /// Key expressions, columns included, without positions.
    pub expressions: Vec<Expr>,
    /// Statistics of each key that is an expression.
    pub expression_stats: Vec<Option<ColumnInfo>>,
    /// DESC, by key.
    pub descending: Vec<bool>,
    /// Whether each key can serve LIKE 'x%'.
    pub pattern: Vec<bool>,
    /// Whether a GIN index keeps hashes of the values of JSON documents (jsonb_path_ops).
    pub hashes_paths: bool,
    /// Columns stored beside the keys.
    pub include: Vec<usize>,
    /// WHERE, as conjuncts without positions.
    pub predicate: Vec<Expr>,
    /// Share of rows in the index.
    pub share: f64,
    /// Share of rows that each conjunct of the predicate keeps.
    pub shares: Vec<f64>,
    /// UNIQUE.
    pub unique: bool,
    /// PRIMARY KEY.
    pub primary: bool,
    /// EXCLUDE.
    pub exclusion: bool,
    /// Bytes of a leaf entry, line pointer apart.
    pub entry_bytes: f64,
    /// Entries.
    pub entries: f64,
    /// Entries per leaf page.
    pub entries_per_leaf: f64,
    /// Entries that fill a leaf page.
    pub leaf_capacity: f64,
    /// Whether the leaves are as a build leaves them, with room for entries at any place.
    pub packed: bool,
    /// Leaf pages.
    pub leaf_pages: f64,
    /// Pages in all.
    pub pages: f64,
    /// Pages on the way from root to leaf, both included.
    pub levels: f64,
    /// Whether new entries go to the right edge.
    pub grows_right: bool,
    /// Distinct keys over all columns.
    pub distinct: f64,
}

/// A table with its statistics and sizes.
#[derive(Debug, Clone)]
pub struct TableInfo {
    /// Its place in the schema.
    pub id: TableId,
    /// Its name.
    pub name: TableName,
    /// Live rows.
    pub rows: f64,
    /// Dead rows.
    pub dead_rows: f64,
    /// Heap pages.
    pub pages: f64,
    /// Rows that fit on a page.
    pub rows_per_page: f64,
    /// Bytes of an average row with its header, not aligned.
    pub tuple_bytes: f64,
    /// Whether all rows are of one size, as far as is known.
    pub constant_rows: bool,
    /// Rows of the TOAST table that an average row has.
    pub chunks: f64,
    /// Fraction of pages that are all-visible.
    pub all_visible: f64,
    /// Fill factor, 0..1.
    pub fillfactor: f64,
    /// UNLOGGED.
    pub unlogged: bool,
    /// Columns.
    pub columns: Vec<ColumnInfo>,
    /// Indexes.
    pub indexes: Vec<IndexInfo>,
}

impl TableInfo {
    /// Resolves a table of `rows` rows.
    ///
    /// `written` is what the workload writes to it, since indexes that get entries at random places
    /// are less full; `referenced` the rows of the tables that its columns refer to.
    #[must_use]
    pub fn new(
        schema: &Schema,
        id: TableId,
        stats: Option<&TableStats>,
        rows: f64,
        written: &Written,
        referenced: &HashMap<String, f64>,
    ) -> Self {
        let table = &schema.tables[id];
        let columns: Vec<ColumnInfo> = (0..table.columns.len())
            .map(|place| ColumnInfo::new(schema, table, stats, place, rows, referenced))
            .collect();
        let widths: Vec<ColumnWidth> = columns.iter().map(|c| c.width).collect();
        let mut stored = widths;
        let toasted = schema::sizes::move_out(&mut stored);
        let tuple_bytes = sizes::logged_bytes(&stored);
        let rows_per_page = schema::sizes::heap_tuples_per_page(toasted.tuple, table.fillfactor);
        let dead_rows = stats.and_then(|s| s.dead_rows).unwrap_or(0.0);
        let pages = stats.and_then(|s| s.pages).unwrap_or_else(|| ((rows + dead_rows) / rows_per_page).ceil());
        let mut info = Self {
            id,
            name: table.name.clone(),
            rows,
            dead_rows,
            pages,
            rows_per_page,
            tuple_bytes,
            constant_rows: toasted.tuple.constant,
            chunks: toasted.chunks,
            all_visible: stats.and_then(|s| s.all_visible).unwrap_or(1.0),
            fillfactor: table.fillfactor,
            unlogged: table.unlogged,
            columns,
            indexes: Vec::new(),
        };
        info.indexes = (0..table.indexes.len()).map(|place| info.index(table, stats, place, written)).collect();
        info
    }

    /// What stands for the table of a subquery, CTE or function: columns and rows, no pages.
    #[must_use]
    pub fn bare(name: &str, rows: f64, columns: Vec<ColumnInfo>) -> Self {
        let widths: Vec<ColumnWidth> = columns.iter().map(|c| c.width).collect();
        let tuple_bytes = sizes::logged_bytes(&widths);
        Self {
            id: TableId::MAX,
            name: TableName { schema: "public".to_owned(), name: name.to_owned() },
            rows,
            dead_rows: 0.0,
            pages: 0.0,
            rows_per_page: 1.0,
            tuple_bytes,
            constant_rows: true,
            chunks: 0.0,
            all_visible: 1.0,
            fillfactor: 1.0,
            unlogged: true,
            columns,
            indexes: Vec::new(),
        }
    }

    /// The place of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// Rows on a page on average, at least one.
    #[must_use]
    pub fn density(&self) -> f64 {
        (self.rows / self.pages.max(1.0)).max(1.0)
    }

    fn index(&self, table: &Table, stats: Option<&TableStats>, place: usize, written: &Written) -> IndexInfo {
        let index = &table.indexes[place];
        let keys: Vec<Option<usize>> = index.keys.iter().map(|k| k.column().and_then(|c| self.column(c))).collect();
        let expressions: Vec<Expr> = index.keys.iter().map(|k| super::walk::bare(&k.expr)).collect();
        let expression_stats: Vec<Option<ColumnInfo>> = keys
            .iter()
            .zip(&expressions)
            .map(|(key, expr)| key.is_none().then(|| self.expression_stats(expr, stats)))
            .collect();
        let include: Vec<usize> = index.include.iter().filter_map(|c| self.column(c)).collect();
        let predicate: Vec<Expr> =
            index.predicate.iter().flat_map(super::walk::conjuncts).map(super::walk::bare).collect();
        let share = super::selectivity::predicate_share(self, &predicate);
        let shares = match &predicate[..] {
            [_] => vec![share],
            conjuncts => {
                conjuncts.iter().map(|p| super::selectivity::predicate_share(self, std::slice::from_ref(p))).collect()
            }
        };
        let stored: Vec<&ColumnInfo> = keys
            .iter()
            .zip(&expression_stats)
            .filter_map(|(key, stats)| key.map_or(stats.as_ref(), |k| self.columns.get(k)))
            .chain(include.iter().filter_map(|c| self.columns.get(*c)))
            .collect();
        let widths: Vec<ColumnWidth> = stored.iter().map(|c| c.width).collect();
        let entry = schema::sizes::index_tuple(&widths);
        let entries = (self.rows + self.dead_rows) * share;
        let key_distinct: f64 = stored.iter().take(keys.len()).map(|c| c.distinct).product();
        let distinct = if index.unique { entries.max(1.0) } else { key_distinct.min(entries.max(1.0)).max(1.0) };
        let first = stored.first();
        let grows_right = first.is_some_and(|c| c.correlation > 0.99 && c.distinct > 0.01 * self.rows);
        let changes =
            written.inserted || index.keys.iter().any(|k| k.column().is_some_and(|c| written.updated.contains(c)));
        let growth = match index.fillfactor {
            Some(fill) => BtreeGrowth::Packed(fill),
            None if grows_right || !changes => BtreeGrowth::Packed(BTREE_FILLFACTOR),
            None => BtreeGrowth::Random,
        };
        let fill = match growth {
            BtreeGrowth::Packed(fill) => fill,
            BtreeGrowth::Random => RANDOM_FILL,
        };
        let deduplicates =
            !index.unique && index.include.is_empty() && stored.iter().take(keys.len()).all(|c| c.deduplicates);
        let duplicates = if deduplicates { (entries / distinct).max(1.0) } else { 1.0 };
        let tree = btree(entries, entry, duplicates, growth);
        IndexInfo {
            name: index.name.clone(),
            place,
            method: index.method.clone(),
            descending: index.keys.iter().map(|k| k.descending).collect(),
            pattern: index
                .keys
                .iter()
                .map(|k| {
                    k.opclass.as_deref().is_some_and(|o| o.contains("pattern_ops"))
                        || matches!(k.collation.as_deref(), Some("C" | "POSIX"))
                })
                .collect(),
            hashes_paths: index
                .keys
                .iter()
                .any(|k| k.opclass.as_deref().is_some_and(|o| o.ends_with("jsonb_path_ops"))),
            keys,
            expressions,
            expression_stats,
            include,
            predicate,
            share,
            shares,
            unique: index.unique || index.primary,
            primary: index.primary,
            exclusion: index.exclusion,
            entry_bytes: entry.bytes,
            entries,
            entries_per_leaf: tree.rows_per_leaf,
            leaf_capacity: tree.rows_per_leaf / fill,
            packed: growth != BtreeGrowth::Random,
            leaf_pages: tree.leaf_pages,
            pages: tree.pages(),
            levels: tree.height,
            grows_right,
            distinct,
        }
    }

    /// Statistics of an index expression: as given, else those of the one column it is made of.
    fn expression_stats(&self, expr: &Expr, stats: Option<&TableStats>) -> ColumnInfo {
        let names = super::walk::column_names(expr);
        let base = names.first().and_then(|n| self.column(n)).map(|c| self.columns[c].clone());
        let mut info =
            base.unwrap_or_else(|| ColumnInfo { distinct: (self.rows / 10.0).max(1.0), ..ColumnInfo::unknown("") });
        info.correlation = 0.0;
        info.bounds = None;
        let written = super::walk::text_of(expr);
        let names_it = |text: &str| {
            super::walk::same_text(text, &written)
                || crate::sql::parse_expr(text).is_ok_and(|e| super::walk::bare(&e) == *expr)
        };
        if let Some(given) =
            stats.and_then(|s| s.expressions.iter().find(|(text, _)| names_it(text)).map(|(_, given)| given))
        {
            info.most_common = given.most_common.clone();
            info.null_fraction = given.null_fraction.unwrap_or(info.null_fraction);
            info.correlation = given.correlation.unwrap_or(0.0);
            if let Some(d) = given.distinct {
                info.distinct = if d < 0.0 { -d * self.rows } else { d };
                info.distinct_known = true;
            }
            if let Some(bytes) = given.avg_bytes {
                info.width.bytes = bytes;
            }
            info.bounds = given
                .min
                .as_ref()
                .and_then(|l| super::column::literal_number(l, info.time))
                .zip(given.max.as_ref().and_then(|l| super::column::literal_number(l, info.time)));
        }
        info
    }
}
