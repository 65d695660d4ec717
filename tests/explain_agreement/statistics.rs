//! Whether the data that was loaded has the statistics that the workload gives.

use predict::live::Cluster;
use predict::workload::Workload;

/// Prints the columns whose pg_stats are far from what is given.
pub fn check(cluster: &Cluster, database: &str, workload: &Workload) {
    let text = cluster
        .sql(
            database,
            "SELECT s.tablename, s.attname, s.null_frac, s.n_distinct, coalesce(s.correlation, 0), s.avg_width, c.reltuples \
             FROM pg_stats s JOIN pg_class c ON c.oid = format('%I.%I', s.schemaname, s.tablename)::regclass \
             WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema') AND NOT s.inherited",
        )
        .unwrap();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let number = |n: usize| fields[n].parse::<f64>().unwrap();
        let Some((name, table)) = workload.tables.iter().find(|(t, _)| t.name == fields[0]) else { continue };
        let Some(given) = table.columns.get(fields[1]) else { continue };
        let count = |d: f64| if d < 0.0 { -d * table.rows } else { d };
        let mut differs = Vec::new();
        let mut compare = |what: &str, given: Option<f64>, found: f64, near: &dyn Fn(f64, f64) -> bool| {
            if let Some(given) = given.filter(|g| !near(*g, found)) {
                differs.push(format!("{what} {given} is {found:.3}"));
            }
        };
        let ratio = |a: f64, b: f64| a / b < 1.3 && b / a < 1.3;
        compare("null_fraction", given.null_fraction, number(2), &|a, b| (a - b).abs() < 0.03);
        compare("distinct", given.distinct.map(count), count(number(3)), &ratio);
        compare("correlation", given.correlation, number(4), &|a, b| (a - b).abs() < 0.2);
        compare("avg_bytes", given.avg_bytes, number(5), &|a, b| (a - b).abs() < 2.5 || ratio(a, b));
        if !differs.is_empty() {
            println!("statistics of {name}.{}: {}", fields[1], differs.join(", "));
        }
    }
}
