//! One probe: a few statements, as pgbench runs them and as the model reads them.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::workload::Protocol;

/// A transaction that is measured.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// What it does, in a few words; no two probes share a name.
    pub name: &'static str,
    /// How it is sent.
    pub protocol: Protocol,
    /// Whole numbers drawn evenly: name, lowest, highest.
    pub variables: &'static [(&'static str, u32, u32)],
    /// Statements; more than one are inside BEGIN and COMMIT.
    pub statements: &'static [&'static str],
}

impl Probe {
    /// By prepared statements.
    #[must_use]
    pub const fn prepared(
        name: &'static str,
        variables: &'static [(&'static str, u32, u32)],
        statements: &'static [&'static str],
    ) -> Self {
        Self { name, protocol: Protocol::Prepared, variables, statements }
    }

    /// The same by another protocol.
    #[must_use]
    pub const fn by(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// As a script of pgbench.
    #[must_use]
    pub fn script(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        for (name, lo, hi) in self.variables {
            let _ = writeln!(text, "\\set {name} random({lo}, {hi})");
        }
        let many = self.statements.len() > 1;
        let sent = many.then_some("BEGIN").into_iter().chain(self.statements.iter().copied());
        for statement in sent.chain(many.then_some("COMMIT")) {
            let _ = writeln!(text, "{statement};");
        }
        text
    }

    /// As an entry under `transactions:` of a workload file.
    #[must_use]
    pub fn transaction(&self) -> Value {
        let variables: Map<String, Value> =
            self.variables.iter().map(|(name, lo, hi)| ((*name).to_owned(), json!({"random": [lo, hi]}))).collect();
        let statements: Vec<Value> = self.statements.iter().map(|sql| json!({"sql": sql})).collect();
        json!({"name": self.name, "variables": variables, "statements": statements})
    }
}
