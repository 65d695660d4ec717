//! The whole arrow in one short function: from inputs to a forecast.

use std::sync::Arc;

use crate::access::Footprints;
use crate::demand::{TransactionDemand, transaction_demand};
use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::forecast::inputs::Inputs;
use crate::forecast::{assemble, bottleneck, interval, latency, result::*};
use crate::model::retries::Retried;
use crate::model::simulate::Conflicts;
use crate::model::system::Arrivals;
use crate::model::{self, System};
use crate::queueing::QueueingError;
use crate::workload::{Isolation, Load, OnConflict, Transaction};

/// A workload on a machine, counted and priced: what [`run`] solves.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What each statement touches; parallel to the transactions' steps.
    pub footprints: Arc<Footprints>,
    /// What each transaction type demands.
    pub demands: Vec<TransactionDemand>,
    /// The network of stations.
    pub system: System,
}

/// Counts and prices a workload.
///
/// # Errors
/// A statement that cannot be read, or that names what the schema lacks.
pub fn plan(inputs: &Inputs) -> Result<Planned, InputError> {
    let footprints = inputs.statements.footprints(&inputs.machine);
    let demands: Vec<TransactionDemand> = inputs
        .workload
        .transactions
        .iter()
        .zip(&*footprints)
        .map(|(t, f)| transaction_demand(&inputs.workload, &inputs.machine, t, f))
        .collect();
    let mut system = model::build(&inputs.schema, &inputs.workload, &inputs.machine, &demands);
    inputs.corrections.apply(&mut system);
    Ok(Planned { footprints, demands, system })
}

/// Forecasts.
///
/// # Errors
/// A statement that cannot be read or names what the schema lacks; a workload without any demand.
pub fn run(inputs: &Inputs) -> Result<Forecast, InputError> {
    let planned = plan(inputs)?;
    let solved = solve(inputs, &planned).map_err(unsolvable)?;
    let (system, steady) = (&solved.system, solved.steady);
    let limit = bottleneck::find(system, &steady).map_err(unsolvable)?;
    let (tps, interval_parts) =
        interval::interval(system, &steady, &inputs.machine, limit.station, inputs.corrections.anchored)
            .map_err(unsolvable)?;
    let (transactions, moments) = assemble::transactions(system, &steady, &solved.failed);
    let (clients, rate) = match system.arrivals {
        Arrivals::Closed { clients, .. } => (Some(clients as u64), None),
        Arrivals::Open { rate } => (None, Some(rate)),
    };
    Ok(Forecast {
        schema_version: SCHEMA_VERSION,
        workload: inputs.workload.name.clone(),
        clients,
        rate,
        model_version: env!("CARGO_PKG_VERSION").into(),
        inputs: inputs.hashes.clone(),
        machine: MachineSummary { name: inputs.machine.name.clone(), calibrated: inputs.machine.calibrated },
        tps,
        latency_ms: (!steady.overloaded).then(|| latency::percentiles(&moments)),
        transactions,
        stations: assemble::stations(system, &steady),
        bottleneck: assemble::bottleneck(system, &steady, &limit),
        bounds: assemble::bounds(system),
        per_transaction: assemble::per_transaction(system, &steady),
        interval_parts,
        warnings: assemble::warnings(
            assemble::of_solution(system, &steady).into_iter().chain(warnings(inputs, &planned)),
        ),
        simulation: None,
    })
}

/// Solves the system, with the attempts that fail where an isolation level makes some fail.
fn solve(inputs: &Inputs, planned: &Planned) -> Result<Retried, QueueingError> {
    let conflicts = conflicts(inputs);
    if conflicts.iter().any(|c| c.aborts) {
        return model::retries::solve(&planned.system, &conflicts, &model::build::rollback(&inputs.machine));
    }
    let steady = model::open::solve(&planned.system, None)?;
    Ok(Retried { system: planned.system.clone(), steady, failed: vec![0.0; conflicts.len()] })
}

/// The isolation level at which a transaction runs: its own, or else the server's default.
fn isolation(inputs: &Inputs, transaction: &Transaction) -> Isolation {
    transaction.isolation.unwrap_or(inputs.machine.settings.default_isolation)
}

/// What each transaction type does at a row that another has changed since its snapshot.
pub(super) fn conflicts(inputs: &Inputs) -> Vec<Conflicts> {
    let of = |t: &Transaction| Conflicts {
        aborts: isolation(inputs, t) != Isolation::ReadCommitted,
        retries: t.on_conflict == OnConflict::Retry,
    };
    inputs.workload.transactions.iter().map(of).collect()
}

/// What reading, counting and pricing had to say.
fn warnings(inputs: &Inputs, planned: &Planned) -> Vec<Warning> {
    let mut out = Vec::new();
    if inputs.machine.reference {
        out.push(Warning::new(
            WarningCode::ReferenceMachine,
            format!(
                "no machine file was given: this is a forecast for the built-in reference machine ({}); describe yours with --machine FILE",
                inputs.machine.name
            ),
        ));
    } else if !inputs.machine.calibrated {
        out.push(Warning::new(
            WarningCode::UncalibratedMachine,
            "the machine file holds no fitted coefficients: CPU prices are those of the reference machine".to_owned(),
        ));
    }
    out.extend(isolation_warnings(inputs));
    let w = &inputs.workload;
    if let (Load::Closed { clients, .. }, None) = (w.load, w.connections.pool) {
        let limit = u64::from(inputs.machine.settings.max_connections);
        if clients > limit {
            out.push(Warning::new(
                WarningCode::Extrapolated,
                format!(
                    "{clients} clients without a pool, but max_connections is {limit}: the server would refuse the rest"
                ),
            ));
        }
    }
    out.extend(planned.footprints.iter().flatten().flatten().flat_map(|f| f.warnings.clone()));
    out.extend(inputs.workload.warnings.iter().cloned());
    out.extend(inputs.machine.warnings.iter().cloned());
    out.extend(inputs.schema.warnings.iter().cloned());
    out
}

/// The isolation level whose aborts are counted in part only.
fn isolation_warnings(inputs: &Inputs) -> Vec<Warning> {
    let serializable = inputs.workload.transactions.iter().filter(|t| isolation(inputs, t) == Isolation::Serializable);
    let warning = |t: &Transaction| {
        let text = format!(
            "transaction `{}`: aborts of repeatable read are counted, those that only serializable adds are not",
            t.name
        );
        let warning = Warning::new(WarningCode::NotModelled, text);
        match &t.position {
            Some(p) => warning.at(p.clone()),
            None => warning,
        }
    };
    serializable.map(warning).collect()
}

/// A network without a solution, as a mistake in the input that led to it.
pub(super) fn unsolvable(error: QueueingError) -> InputError {
    InputError::new(format!("the workload cannot be solved: {error}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::forecast::{Sources, load};

    const OWN: &str = "workload.transactions.0.isolation";
    const SERVER: &str = "machine.postgresql.default_transaction_isolation";

    fn forecast(levels: &[(&str, &str)]) -> Forecast {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
        let sources = Sources {
            workload: root.join("hot-row/workload.yaml"),
            machine: Some(root.join("machines/one-cpu.yaml")),
            set: levels.iter().map(|(key, level)| ((*key).to_owned(), (*level).to_owned())).collect(),
            ..Sources::default()
        };
        run(&load(&sources).unwrap()).unwrap()
    }

    #[test]
    fn a_transaction_that_names_no_level_runs_at_the_server_s_default() {
        let plain = forecast(&[]);
        assert_eq!(plain.transactions[0].aborts_per_s, 0.0, "PostgreSQL's own default is read committed");
        for level in ["repeatable read", "serializable"] {
            let (by_server, by_itself) = (forecast(&[(SERVER, level)]), forecast(&[(OWN, level)]));
            assert!(by_server.transactions[0].aborts_per_s > 0.0, "{level}");
            assert_eq!((by_server.tps, &by_server.transactions), (by_itself.tps, &by_itself.transactions), "{level}");
            assert_eq!(by_server.warnings, by_itself.warnings, "{level}");
        }
        let both = forecast(&[(SERVER, "serializable"), (OWN, "read committed")]);
        assert_eq!((both.tps, both.transactions), (plain.tps, plain.transactions), "its own level wins");
        let (lower, higher) = (forecast(&[(OWN, "repeatable read")]), forecast(&[(OWN, "serializable")]));
        assert!(higher.warnings.len() > lower.warnings.len(), "what serializable adds is not modelled");
    }
}
