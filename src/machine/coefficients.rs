//! Every constant of the model, with its unit, default, spread and source.
//!
//! Prices are CPU time of the reference core (AMD EPYC "Milan" class, one busy core, PostgreSQL 15),
//! measured with prepared statements over a Unix socket at 4 clients unless said otherwise. Those of the server's
//! statements come from two campaigns of the probes in `live::calibrate::prices`, on a core 1.5 times as slow as the
//! reference core and divided by that; where the campaigns differed, the spread says so.

/// Where a coefficient's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Measured on the reference machine.
    Measured,
    /// Taken from a publication.
    Cited,
    /// A guess, for want of a measurement.
    Guess,
    /// Fitted by calibration on the user's machine.
    Calibrated,
    /// Given by the user.
    Given,
}

/// One fitted number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// The value, in the unit listed in [`TABLE`].
    pub value: f64,
    /// Relative standard deviation of the value.
    pub spread: f64,
    /// Where it comes from.
    pub origin: Origin,
}

/// What is known of a coefficient besides its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoefficientInfo {
    /// Its key under `coefficients:` in a machine file.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it means and where its default comes from.
    pub about: &'static str,
    /// Its default.
    pub default: Coefficient,
}

macro_rules! coefficients {
    ($($(#[doc = $about:literal])+ $name:ident: $unit:literal = $value:literal, $spread:literal, $origin:ident;)+) => {
        /// The values in force for one machine.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Coefficients {
            $($(#[doc = $about])+ pub $name: Coefficient,)+
        }

        /// Every coefficient with its unit, meaning and default, in declaration order.
        pub const TABLE: &[CoefficientInfo] = &[
            $(CoefficientInfo {
                name: stringify!($name),
                unit: $unit,
                about: concat!($($about),+),
                default: Coefficient { value: $value, spread: $spread, origin: Origin::$origin },
            },)+
        ];

        impl Default for Coefficients {
            fn default() -> Self {
                Self { $($name: Coefficient { value: $value, spread: $spread, origin: Origin::$origin },)+ }
            }
        }

        impl Coefficients {
            /// The coefficient of that name, to be changed.
            pub fn get_mut(&mut self, name: &str) -> Option<&mut Coefficient> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

coefficients! {
    /// Server: one protocol message round (each statement, BEGIN, COMMIT).
    message: "us" = 6.8, 0.1, Measured;
    /// Server: one run of an executor plan.
    executor_run: "us" = 1.1, 0.4, Measured;
    /// Server: one node of a plan made ready to run.
    plan_node: "us" = 2.4, 0.2, Measured;
    /// Server: one column of a result described and prepared for.
    output_column: "us" = 0.13, 0.4, Measured;
    /// Server: one descent of a B-tree.
    index_descent: "us" = 0.13, 0.6, Measured;
    /// Server: per descent and log2(table rows / 1000), at least 0: deeper trees, more of them out of the CPU's caches.
    descent_depth: "us" = 0.55, 0.2, Measured;
    /// Server: per descent and log2(table rows / 256,000), at least 0: leaf and heap page out of the last-level cache.
    descent_cold: "us" = 1.5, 0.3, Measured;
    /// Server: one buffer visited by a read (upper index page, leaf, heap page).
    buffer_visit: "us" = 0.12, 0.6, Measured;
    /// Server: one heap page beyond the first of each descent, per log2(pages of its table / 64), at least 0: out of the
    /// CPU's caches.
    scattered_page: "us" = 0.075, 0.3, Measured;
    /// Server: one row through an index scan.
    index_row: "us" = 0.072, 0.2, Measured;
    /// Server: per descent and key column beyond the first.
    key_column: "us" = 0.3, 0.6, Measured;
    /// Server: one row of a sequential scan; with an integer test 0.032.
    seq_row: "us" = 0.021, 0.2, Measured;
    /// Server: one comparison or other operator on a machine type, per row.
    row_test: "us" = 0.012, 0.2, Measured;
    /// Server: one equality test or hash of a text, per row.
    text_test: "us" = 0.027, 0.2, Measured;
    /// Server: one LIKE, per row.
    pattern_test: "us" = 0.053, 0.2, Measured;
    /// Server: one operator on numerics, per row.
    numeric_operation: "us" = 0.04, 0.2, Measured;
    /// Server: one call of the clock or of chance.
    clock_call: "us" = 0.0049, 0.5, Measured;
    /// Server: one value drawn from a sequence, its share of the log apart.
    sequence_value: "us" = 0.44, 0.6, Measured;
    /// Server: one comparison of text by the rules of a language (collation other than C); 0.016 under C.UTF-8 of glibc,
    /// other languages and ICU take more.
    locale_comparison: "us" = 0.03, 0.8, Measured;
    /// Server: one row sent to the client.
    row_sent: "us" = 0.038, 0.3, Measured;
    /// Server: one value sent, written as text.
    value_sent: "us" = 0.022, 0.5, Measured;
    /// Server: one numeric or time sent, extra.
    value_formatted: "us" = 0.034, 0.6, Measured;
    /// Server: one kB of data sent to the client.
    kb_sent: "us" = 0.77, 0.4, Measured;
    /// Server: sorting, per n log2 n.
    sort_step: "us" = 0.0038, 0.2, Measured;
    /// Server: sorting text, extra per n log2 n (C collation).
    text_sort_step: "us" = 0.011, 0.2, Measured;
    /// Server: sorting numerics, extra per n log2 n.
    numeric_sort_step: "us" = 0.0072, 0.2, Measured;
    /// Server: one row grouped, or compared to remove duplicates.
    group_row: "us" = 0.052, 0.2, Measured;
    /// Server: one group made.
    group_made: "us" = 0.064, 0.2, Measured;
    /// Server: one row of either side of a hash or merge join.
    join_row: "us" = 0.051, 0.2, Measured;
    /// Server: one row that goes into the table of a hash join, extra.
    hash_row: "us" = 0.014, 0.6, Measured;
    /// Server: one row that goes into one aggregate.
    aggregate_row: "us" = 0.014, 0.2, Measured;
    /// Server: one row written (inserted, updated, deleted or locked).
    row_written: "us" = 0.54, 0.6, Measured;
    /// Server: one UPDATE that finds something to update, extra.
    update_run: "us" = 4.4, 0.3, Measured;
    /// Server: one index opened for writing.
    index_opened: "us" = 2.3, 0.2, Measured;
    /// Server: one transaction that writes.
    write_transaction: "us" = 3.6, 0.2, Measured;
    /// Server: one kB of WAL.
    wal_kb: "us" = 5.4, 0.3, Measured;
    /// Server: one index entry at a random place of a big index, its descent included.
    index_entry: "us" = 0.61, 0.6, Measured;
    /// Server: one foreign-key check.
    foreign_key_check: "us" = 5.7, 0.2, Measured;
    /// Server: one statement that ends with foreign-key checks, extra.
    foreign_key_statement: "us" = 5.2, 0.4, Measured;
    /// Server: one new file for a table or index (TRUNCATE), its row in the catalog and dropping the old file included;
    /// 1.9, 9.0 and 13.1 ms for tables of 1, 3 and 5 files were seen on two cores shared by about three others.
    file_made: "us" = 700.0, 0.5, Guess;
    /// Server: planning one statement.
    planning: "us" = 14.0, 0.3, Measured;
    /// Server: planning, per relation.
    planning_relation: "us" = 12.0, 0.3, Measured;
    /// Server: planning, per relation that is joined to others, extra.
    planning_join: "us" = 27.0, 0.3, Measured;
    /// Server: one statement by the simple protocol, more than prepared (parsing, analysis, planning of a key lookup);
    /// an earlier campaign gave 29.
    simple_statement: "us" = 16.0, 0.2, Measured;
    /// Server: one statement by the extended protocol without a prepared statement, more than prepared; earlier
    /// campaigns gave 17 and 28.
    extended_statement: "us" = 23.0, 0.2, Measured;
    /// Server: one new connection (fork, authentication, catalog caches).
    connection_start: "us" = 2500.0, 0.5, Guess;
    /// Client: one message sent and its answer read (pgbench).
    client_message: "us" = 3.7, 0.15, Measured;
    /// Client: one row received.
    client_row: "us" = 0.04, 0.3, Measured;
    /// Client: one `\set`.
    client_command: "us" = 0.26, 0.3, Measured;
    /// Client: one transaction.
    client_transaction: "us" = 0.46, 0.3, Measured;
    /// Context switches: CPU per message with 1 session on one core, against 4; two campaigns: -4.5 and -2.4.
    switch_1: "us" = -3.5, 0.3, Measured;
    /// Context switches: CPU per message with 16 sessions of seven statements on one core, against 4 of one; two
    /// campaigns: 5.2 and 3.2.
    switch_16: "us" = 3.5, 0.5, Measured;
    /// Context switches: CPU per message with 64 sessions of seven statements on one core, against 4 of one; two
    /// campaigns: 15.4, and 6.7 to 10.
    switch_64: "us" = 12.0, 0.3, Measured;
    /// Group commit: server CPU of one WAL flush, shared by its batch.
    flush_cpu: "us" = 74.0, 0.15, Measured;
    /// Group commit: server CPU to wake one waiting committer.
    committer_wakeup: "us" = 23.0, 0.15, Measured;
    /// Group commit: share of a released batch's CPU that runs before the next flush starts.
    batch_serialization: "1" = 0.75, 0.15, Measured;
    /// Row locks: server CPU per waiter at each hand-over; two campaigns: 14 (11 to 17) and 7.4.
    lock_handover: "us" = 10.0, 0.4, Measured;
    /// Row locks: coefficient of variation of the time that a row is held (bursts, a flush of one to two cycles).
    hold_variation: "1" = 0.3, 0.5, Guess;
    /// A client-side sleep takes this longer than asked (timer slack and wake-up); measured 100 to 150.
    sleep_overhead: "us" = 125.0, 0.2, Measured;
    /// Standard deviation of a client-side sleep; what is left of the spread of `\sleep 1 ms` and a commit (half of them
    /// within 61 us) after that of the commit alone (34 us).
    sleep_variation: "us" = 37.0, 0.5, Measured;
    /// Standard deviation of one round trip, beyond that of the CPU work in it: wake-ups and what else happens at the
    /// machine. From a lone client's median to its 95th percentile, one message (select-only, 7 to 15 us in all) and
    /// five (simple-update, 40 us, of which the flush 14 and the CPU 25), on a Unix socket; a wire adds its own.
    round_trip_variation: "us" = 10.0, 0.5, Measured;
    /// Group commit: coefficient of variation of the time of one flush; 0.15 to 0.17 below the 99th percentile of 50,000
    /// (half of them within 23 of 130 us), 0.33 in one of four runs. The slowest per cent, ten times as long and
    /// more, is left out.
    flush_variation: "1" = 0.16, 0.5, Measured;
    /// Group commit: share of the CPU of a flush that comes when the disk is done and before anybody goes on.
    flush_finish: "1" = 0.1, 0.8, Guess;
    /// Waking an idle core, per round trip, where client and server do not share a single one: delay, not CPU.
    idle_wakeup: "us" = 25.0, 0.6, Guess;
    /// Server CPU of a burst that finds its core idle, per `ln(1 + t / 1 ms)` with t the time it was: caches are cold. 88 on
    /// a core of half the speed of the reference: one lookup after 20, 5, 2 and 1.3 ms took 270, 150, 110 and 90 more, with
    /// 1, 4, 1 and 16 clients.
    cold_start: "us" = 45.0, 0.4, Measured;
    /// The same for the client's CPU, relative to the server's.
    cold_client: "1" = 0.45, 0.3, Measured;
    /// Work done by each further busy core, relative to the first.
    core_yield: "1" = 0.9, 0.1, Guess;
    /// Server CPU of one full-page image: copying, checksumming and writing a page of WAL.
    page_image: "us" = 10.0, 0.5, Guess;
    /// Server CPU of one write of WAL to the kernel without a flush (fsync off).
    wal_write_call: "us" = 10.0, 0.5, Guess;
    /// Private memory of one backend that has run some prepared statements; 1.2 to 1.8 without the pages of shared
    /// memory that it has mapped.
    backend_memory: "MB" = 2.0, 0.5, Measured;
    /// Copying one page from the kernel's page cache into shared_buffers.
    page_copy: "us" = 3.0, 0.3, Guess;
    /// Hole of an average full-page image: the share of the page that is not logged.
    page_image_hole: "1" = 0.15, 0.5, Guess;
    /// Size of a compressed full-page image relative to a plain one.
    page_image_compression: "1" = 0.5, 0.4, Guess;
    /// What the model misses where CPU limits: relative error of TPS.
    residual_cpu: "1" = 0.10, 0.3, Guess;
    /// What the model misses where flushes limit: relative error of TPS.
    residual_flush: "1" = 0.12, 0.3, Guess;
    /// What the model misses where row locks limit: relative error of TPS.
    residual_locks: "1" = 0.15, 0.3, Guess;
    /// What the model misses where storage limits: relative error of TPS.
    residual_io: "1" = 0.20, 0.3, Guess;
    /// What the model misses where delays limit (network, think time): relative error of TPS.
    residual_delay: "1" = 0.05, 0.3, Guess;
    /// How sure the model is of a flush time that a machine file gives: relative.
    flush_uncertainty: "1" = 0.20, 0.3, Guess;
    /// How sure the model is of a read time that a machine file gives: relative.
    read_uncertainty: "1" = 0.30, 0.3, Guess;
    /// Variation of a transaction's own CPU work from one run to the next, relative.
    demand_variation: "1" = 0.1, 0.5, Guess;
    /// Added relative error of TPS on a machine that was not calibrated, per unit of its CPU share.
    uncalibrated: "1" = 0.20, 0.3, Guess;
}

/// What the counting of rows, pages and bytes assumes of the state that a database is in. No calibration
/// can tell these from outside; each has its unit, its source and its spread.
pub mod state {
    /// Executions of a statement since its table was last vacuumed, where the steady state is looked at.
    /// A guess; real ones lie between tens and a fifth of the table's rows (autovacuum_vacuum_scale_factor).
    /// It decides only how often an update meets old versions of the one before it on its page.
    pub const EXECUTIONS_SINCE_VACUUM: f64 = 400.0;
    /// Share of a page that is free on average, beside what the last row left, in a table that has been updated
    /// and vacuumed for long. A guess, 0.02 to 0.2 (autovacuum_vacuum_scale_factor).
    pub const AGED_ROOM: f64 = 0.05;
    /// Share of a row up to which pages stay unfilled, in a table of rows of many sizes: small ones fill the gaps
    /// that wide ones leave. Measured on version 15 with lengths from half to one and a half of their mean: 116
    /// and 204 bytes left on average with rows of 432 and 832; 0.5 to 0.75.
    pub const UNFILLED: f64 = 0.55;
    /// Executions of a statement since the table's pages were last full to that share, over which the mean is taken.
    /// A guess, hundreds to the rows of the table. It decides only how often wide rows and rows that grow find no
    /// room on their page, and how often a value that is the same each time is there already.
    pub const EXECUTIONS_SINCE_FULL: f64 = 2000.0;
    /// Correlation from which a column counts as growing with the table. A guess, 0.95 to 1.
    pub const ORDERED: f64 = 0.99;
    /// log10 of the leaf pages from which an index entry at a random place costs its full price: some
    /// 3,000 pages no longer fit the last-level cache. Measured with `index_entry`, 3 to 4.
    pub const BIG_INDEX: f64 = 3.5;
    /// Splits by entries of new versions of rows, as a share of those by entries of new rows at random places:
    /// those of old versions give their room back, but on other pages and only at the next vacuum. Measured on
    /// version 15 with 400 updates between two vacuums, 0.3 to 1.
    pub const VERSION_SPLITS: f64 = 0.5;
    /// Share of a leaf's entries that move when it splits in the middle. Half, by construction of
    /// _bt_findsplitloc; equal keys move it by some per cent.
    pub const SPLIT_MIDDLE: f64 = 0.5;
}

/// What the model takes for granted of how transactions and queues go. Nothing outside shows them one by one, so no
/// calibration fits them; each has its unit, its source and its spread.
pub mod shape {
    /// Share of a locking statement's CPU and messages that comes after it has the lock: the lookup comes before,
    /// the write, its WAL and the answer after. A guess; by the price list 0.4 to 0.8 of an update of one row by its key.
    pub const LOCKING_STATEMENT_TAIL: f64 = 0.5;
    /// Round trips that opening a connection takes: TCP, startup, authentication (SCRAM), ready. From the protocol's
    /// description; 3 without a password, 6 with TLS.
    pub const CONNECT_ROUND_TRIPS: f64 = 4.0;
    /// WAL bytes of a commit record (header, xact info, timestamp), with alignment. Measured by pg_walinspect on
    /// version 15; newer versions and invalidation messages add to it, 34 to 60.
    pub const COMMIT_RECORD: f64 = 34.0;
    /// Relative standard deviation of a measured TPS or latency that a workload file gives. A guess, 0.01 to 0.05.
    pub const MEASURED_SD: f64 = 0.02;
    /// Relative standard deviation of a measured share of CPU, which is read off a tool. A guess, 0.03 to 0.1.
    pub const MEASURED_CPU_SD: f64 = 0.05;
    /// Utilization of the storage's writes from which flushes and reads are taken to stand behind them. A guess, 0.05 to
    /// 0.3; it decides only which stations are tried for the bottleneck.
    pub const WRITES_IN_THE_WAY: f64 = 0.1;
    /// Height, as a logarithm of probabilities, of the ridge between the states of a row with and without a convoy that
    /// is not crossed in any run that is looked at: a chance of one in ten million at each transaction. A guess, 12 to 20.
    pub const HIGHEST_RIDGE: f64 = 16.0;
    /// Share of the time that a row is held from which on there is no state with a convoy besides the usual one. A guess,
    /// 0.8 to 0.95.
    pub const HELD_THROUGHOUT: f64 = 0.9;
    /// Waiters at one row from which they are a convoy. A guess, 1 to 4.
    pub const LEAST_CONVOY: f64 = 2.0;
    /// Sessions of one statement at which the CPU prices are defined. A convention of the price list.
    pub const PRICED_SESSIONS: f64 = 4.0;
    /// Statements of the transaction with which `switch_16` and `switch_64` are measured: five lookups between BEGIN and
    /// COMMIT. A convention of the price list.
    pub const SWITCHED_STATEMENTS: f64 = 7.0;
    /// How many times as many sessions as the 64 that were measured leave nothing of each other in caches. A guess, 1 to 16.
    pub const FORGOTTEN: f64 = 4.0;
    /// Seconds idle in which a core's caches lose the first part of what is in them, the scale of `cold_start`. Fitted
    /// together with it, 0.5 to 2 ms.
    pub const COOLING: f64 = 1e-3;
    /// Clients beyond which one always meets another at a busy WAL. A guess, 8 to 32.
    pub const SELDOM_ALONE: f64 = 16.0;
    /// The network's chance of meeting another at the WAL is not taken to be less than this. A guess, 0.01 to 0.1.
    pub const LEAST_MEETING: f64 = 0.05;
    /// Flushes that a leader's wait for a core lasts at most: the cores limit by far where it is longer, and batches that
    /// grow further change nothing. A guess, 10 to 50.
    pub const LONGEST_LEAD: f64 = 20.0;
    /// Share of the time between two flushes of a client by which it is not known, whatever its own spread: a model's cycle
    /// is a few per cent off, and in which part of a flush clients come back after many cycles is beyond it. A guess,
    /// 0.02 to 0.1.
    pub const UNKNOWN_CYCLE: f64 = 0.05;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_and_fields_agree() {
        let mut c = Coefficients::default();
        for info in TABLE {
            assert_eq!(*c.get_mut(info.name).unwrap(), info.default, "{}", info.name);
            assert!(info.default.spread > 0.0 && info.default.value.is_finite());
        }
        assert!(c.get_mut("no_such").is_none());
    }
}
