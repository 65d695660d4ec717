//! The whole arrow in one short function: from inputs to a forecast.

use std::sync::Arc;

use crate::access::Footprints;
use crate::demand::{TransactionDemand, transaction_demand};
use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::forecast::inputs::Inputs;
use crate::forecast::{assemble, bottleneck, interval, latency, result::*};
use crate::model::system::Arrivals;
use crate::model::{self, System};
use crate::queueing::QueueingError;
use crate::workload::{Isolation, Load};

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
    let system = &planned.system;
    let steady = model::open::solve(system, None).map_err(unsolvable)?;
    let limit = bottleneck::find(system, &steady).map_err(unsolvable)?;
    let (tps, interval_parts) =
        interval::interval(system, &steady, &inputs.machine, limit.station, inputs.corrections.anchored)
            .map_err(unsolvable)?;
    let (transactions, moments) = assemble::transactions(system, &steady);
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

/// Isolation levels whose aborts the formulas leave out.
pub(super) fn isolation_warnings(inputs: &Inputs) -> Vec<Warning> {
    let mut out = Vec::new();
    for t in &inputs.workload.transactions {
        let isolation = match t.isolation {
            Isolation::ReadCommitted => continue,
            Isolation::RepeatableRead => "repeatable read",
            Isolation::Serializable => "serializable",
        };
        let text = format!(
            "transaction `{}`: aborts under {isolation} are not modelled: it is priced as read committed",
            t.name
        );
        let warning = Warning::new(WarningCode::NotModelled, text);
        out.push(match &t.position {
            Some(p) => warning.at(p.clone()),
            None => warning,
        });
    }
    out
}

/// A network without a solution, as a mistake in the input that led to it.
pub(super) fn unsolvable(error: QueueingError) -> InputError {
    InputError::new(format!("the workload cannot be solved: {error}"))
}
