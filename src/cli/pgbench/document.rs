//! The workload that a run stands for, as a document like one read from a file.

use serde_json::{Value, json};

use super::meaning::Run;
use crate::diagnostic::InputError;
use crate::schema::{Schema, TableName};
use crate::workload::Protocol;
use crate::workload::pgbench::Tables;
use crate::yaml::{Document, quote_key};

/// The keys of a workload file that a run of pgbench decides itself.
const DECIDED: &[&str] = &["transactions", "clients", "rate", "think_time", "protocol", "observed", "connections"];

/// The document: `given` holds schema and tables of a workload file; tables of pgbench's own that `schema` has get
/// the rows of `tables`, where the file does not give others.
///
/// # Errors
/// A workload file that is no mapping.
pub fn document(run: &Run, tables: &Tables, schema: &Schema, given: Option<Document>) -> Result<Document, InputError> {
    let names = || run.scripts.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut document = match given {
        Some(document) => document,
        None => Document::parse("pgbench", &format!("version: 1\nname: {}\n", json!(names())))?,
    };
    for key in DECIDED {
        document.remove(key);
    }
    for (name, statistics) in tables.statistics() {
        let known = TableName { schema: "public".into(), name: name.into() };
        let path = format!("tables.{}", quote_key(name));
        if schema.find_table(&known).is_some() && document.find(&path).is_none() {
            document.set(&path, &statistics.to_string())?;
        }
    }
    let transactions: Vec<Value> = run.scripts.iter().map(|s| transaction(run, s)).collect();
    document.set("transactions", &Value::from(transactions).to_string())?;
    for script in &run.scripts {
        document.attach(&script.file, &script.text);
    }
    let clients = run.clients.first().copied().unwrap_or(1);
    match run.rate {
        // Clients of an open load are what a pool's connections are: so many are served at a time, the others wait
        // for their turn, and their latency counts from when they were to start.
        Some(rate) => {
            document.set("rate", &rate.to_string())?;
            document.set("connections", &json!({"pool": clients, "reconnect": run.connect}).to_string())?;
        }
        None => {
            document.set("clients", &clients.to_string())?;
            document.set("connections", &json!({"reconnect": run.connect}).to_string())?;
        }
    }
    document.set("protocol", protocol(run).as_str())?;
    Ok(document)
}

/// With a new connection for each transaction a prepared statement is used once: it is parsed each time.
fn protocol(run: &Run) -> Protocol {
    match run.protocol {
        Protocol::Prepared if run.connect => Protocol::Extended,
        other => other,
    }
}

fn transaction(run: &Run, script: &super::meaning::Script) -> Value {
    let mut variables = serde_json::Map::new();
    for (name, value) in &run.defines {
        variables.insert(name.clone(), json!({"value": value_of(value)}));
    }
    // pgbench numbers its clients; a closed load knows how many there are, an open one does not.
    if let (Some(_), Some(most)) = (run.rate, run.clients.first().map(|c| c.saturating_sub(1)))
        && script.text.contains(":client_id")
    {
        variables.entry("client_id").or_insert_with(|| json!({"random": [0, most]}));
    }
    json!({
        "name": script.name,
        "weight": script.weight,
        "script": script.file,
        "variables": variables,
        "on_conflict": if run.retry { "retry" } else { "fail" },
    })
}

/// A variable's value as pgbench reads it: NULL, a truth value, a number, or else a text.
fn value_of(text: &str) -> Value {
    let word = text.to_ascii_lowercase();
    let begins = |whole: &str| whole.starts_with(word.as_str());
    match word.as_str() {
        "null" => Value::Null,
        _ if begins("true") || begins("yes") || word == "on" => Value::Bool(true),
        _ if begins("false") || begins("no") || word == "off" || word == "of" => Value::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(n), _) => json!(n),
            (_, Ok(x)) if x.is_finite() => json!(x),
            _ => json!(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_pgbench_reads_them() {
        for (text, value) in [
            ("50", json!(50)),
            ("007", json!(7)),
            ("1.5", json!(1.5)),
            ("null", Value::Null),
            ("ye", json!(true)),
            ("of", json!(false)),
            ("o", json!("o")),
            ("inf", json!("inf")),
            ("a'b\"c: {", json!("a'b\"c: {")),
        ] {
            assert_eq!(value_of(text), value, "{text}");
        }
    }
}
