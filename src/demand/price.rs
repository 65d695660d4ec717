//! What one execution of a statement costs in server CPU: `D = sum of price_f * count_f`.

use crate::access::{Counts, Footprint};
use crate::machine::coefficients::{Coefficient, Coefficients};
use crate::units::{Bytes, Seconds};
use crate::workload::Protocol;

/// A price in CPU time with the variance that its coefficients bring.
///
/// Coefficients are taken as independent, so variances add; the spread of a sum of many is smaller
/// than the spread of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Priced {
    /// CPU time of the reference core.
    pub time: Seconds,
    /// Variance of `time`, seconds squared.
    pub variance: f64,
}

impl Priced {
    /// Adds `count` times a coefficient in microseconds.
    pub fn add(&mut self, coefficient: &Coefficient, count: f64) {
        let time = coefficient.value * 1e-6 * count;
        self.time += Seconds(time);
        self.variance += (time * coefficient.spread).powi(2);
    }

    /// Adds a price that was measured and has no spread of its own.
    pub fn add_exact(&mut self, time: Seconds) {
        self.time += time;
    }
}

/// The price list in force: coefficients, core speed and protocol.
#[derive(Debug, Clone, Copy)]
pub struct Prices<'a> {
    /// Prices of the reference core.
    pub coefficients: &'a Coefficients,
    /// How statements are sent.
    pub protocol: Protocol,
}

impl Prices<'_> {
    /// Server CPU of one execution, its message included, WAL included, commit excluded.
    ///
    /// Source: additive price list fitted by non-negative least squares on one-statement probes. It
    /// stops holding for plans whose operators were never probed.
    #[must_use]
    pub fn statement(&self, footprint: &Footprint) -> Priced {
        let (c, n) = (self.coefficients, &footprint.counts);
        let mut price = Priced::default();
        for (coefficient, count) in [
            (&c.message, 1.0),
            (&c.executor_run, n.executor_run),
            (&c.plan_node, n.plan_node),
            (&c.output_column, n.output_column),
            (&c.index_descent, n.index_descent),
            (&c.descent_depth, n.descent_depth),
            (&c.descent_cold, cold_doublings(n)),
            (&c.buffer_visit, n.buffer_visit),
            (&c.scattered_page, n.scattered_page),
            (&c.index_row, n.index_row),
            (&c.seq_row, n.seq_row),
            (&c.key_column, n.key_column),
            (&c.row_test, n.row_test),
            (&c.text_test, n.text_test),
            (&c.pattern_test, n.pattern_test),
            (&c.numeric_operation, n.numeric_operation),
            (&c.clock_call, n.clock_call),
            (&c.sequence_value, n.sequence_value),
            (&c.locale_comparison, n.locale_comparison),
            (&c.row_sent, n.row_sent),
            (&c.value_sent, n.value_sent),
            (&c.value_formatted, n.value_formatted),
            (&c.kb_sent, n.kb_sent),
            (&c.sort_step, n.sort_step),
            (&c.text_sort_step, n.text_sort_step),
            (&c.numeric_sort_step, n.numeric_sort_step),
            (&c.group_row, n.group_row),
            (&c.group_made, n.group_made),
            (&c.join_row, n.join_row),
            (&c.hash_row, n.hash_row),
            (&c.aggregate_row, n.aggregate_row),
            (&c.row_written, n.row_written),
            (&c.update_run, n.update_run),
            (&c.index_opened, n.index_opened),
            (&c.index_entry, n.index_entry),
            (&c.foreign_key_check, n.foreign_key_check),
            (&c.foreign_key_statement, n.foreign_key_statement),
            (&c.file_made, n.file_made),
        ] {
            price.add(coefficient, count);
        }
        price.add(&c.wal_kb, kilobytes(footprint.wal_bytes));
        self.add_parsing(&mut price, footprint);
        price
    }

    /// Parsing and planning, by protocol. The simple and extended extras were measured on a key
    /// lookup, so they hold the planning of one relation; further relations are added.
    fn add_parsing(&self, price: &mut Priced, footprint: &Footprint) {
        let (c, n) = (self.coefficients, &footprint.counts);
        let more_relations = footprint.relations.len().saturating_sub(1) as f64;
        match self.protocol {
            Protocol::Prepared => {
                price.add(&c.planning, n.planning);
                price.add(&c.planning_relation, n.planning_relation);
                price.add(&c.planning_join, n.planning_join);
            }
            Protocol::Simple => {
                price.add(&c.simple_statement, 1.0);
                price.add(&c.planning_relation, more_relations);
                price.add(&c.planning_join, more_relations);
            }
            Protocol::Extended => {
                price.add(&c.extended_statement, 1.0);
                price.add(&c.planning_relation, more_relations);
                price.add(&c.planning_join, more_relations);
            }
        }
    }
}

/// Doublings of the tables' size, summed over descents, beyond where a table leaves the CPU's caches: 256,000 rows,
/// eight doublings above the 1,000 that `descent_depth` counts from. Taken at the mean size of the tables descended.
fn cold_doublings(n: &Counts) -> f64 {
    (n.descent_depth - 8.0 * n.index_descent).max(0.0)
}

/// Server CPU of one execution; what `predict explain` prints.
#[must_use]
pub fn statement_price(coefficients: &Coefficients, protocol: Protocol, footprint: &Footprint) -> Seconds {
    Prices { coefficients, protocol }.statement(footprint).time
}

/// Kilobytes of 1024 bytes, as the coefficients count them.
#[must_use]
pub fn kilobytes(bytes: Bytes) -> f64 {
    bytes.get() / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_the_sum_of_its_counts() {
        let c = Coefficients::default();
        let footprint = Footprint {
            counts: Counts {
                executor_run: 1.0,
                index_descent: 1.0,
                buffer_visit: 3.0,
                index_row: 1.0,
                ..Counts::default()
            },
            ..Footprint::default()
        };
        let prepared = Prices { coefficients: &c, protocol: Protocol::Prepared }.statement(&footprint);
        let by_hand = c.message.value
            + c.executor_run.value
            + c.index_descent.value
            + 3.0 * c.buffer_visit.value
            + c.index_row.value;
        assert!((prepared.time.us() - by_hand).abs() < 1e-9);
        let simple = Prices { coefficients: &c, protocol: Protocol::Simple }.statement(&footprint);
        assert!((simple.time.us() - by_hand - c.simple_statement.value).abs() < 1e-9);
        // Independent parts: the relative spread of the sum is below that of its largest part.
        assert!(prepared.variance.sqrt() / prepared.time.get() < c.message.spread);
    }
}
