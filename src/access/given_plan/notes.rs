//! What a plan says that the model cannot follow, and what is done instead.

use serde_json::Value;

use super::node::Node;

/// Sentences about one explained statement.
pub(super) fn of(explained: &Value, root: Node<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let (mut workers, mut outside, mut functions) = (0.0f64, Vec::new(), Vec::new());
    root.visit(0, &mut |n| {
        workers = workers.max(n.number("Workers Launched").or_else(|| n.number("Workers Planned")).unwrap_or(0.0));
        match n.text("Node Type") {
            kind @ ("Foreign Scan" | "Custom Scan") => outside.push(kind),
            "Function Scan" | "Table Function Scan" => functions.push(n.text("Function Name")),
            _ => {}
        }
    });
    let temp = root.number("Temp Read Blocks").unwrap_or(0.0) + root.number("Temp Written Blocks").unwrap_or(0.0);
    if workers > 0.0 {
        out.push(format!(
            "the given plan uses {workers} parallel workers: the work of all is counted as the server's CPU, as if one \
             process did it; neither the shorter time nor the workers' start is modelled (`cpu` takes a measured total)"
        ));
    }
    if let Some(jit) = explained.get("JIT") {
        let total = jit.get("Timing").and_then(|t| t.get("Total"));
        let total = total.and_then(|t| t.as_f64().or_else(|| t.get("Total").and_then(Value::as_f64)));
        let time = total.map_or_else(String::new, |ms| format!(", {ms} ms in the given plan"));
        out.push(format!(
            "the given plan was compiled (JIT): the compilation{time} is left out, and its rows are priced as without it \
             (`cpu` takes a measured total)"
        ));
    }
    if temp > 0.0 {
        out.push(format!("the given plan spills to disk ({temp} temporary blocks), whose cost is not modelled"));
    }
    for kind in outside {
        out.push(format!("the given plan has a {kind}: only the rows that it returns are priced"));
    }
    for name in functions.into_iter().filter(|n| !n.is_empty() && !matches!(*n, "generate_series" | "unnest")) {
        out.push(format!("the given plan calls {name}(): only the rows that it returns are priced"));
    }
    if root.number("WAL FPI").is_some_and(|n| n > 0.0) {
        out.push(
            "the given plan's WAL holds full-page images, which are taken out: the model adds them by checkpoint"
                .to_owned(),
        );
    }
    if let Some(list) = explained.get("Triggers").and_then(Value::as_array).filter(|l| !l.is_empty()) {
        out.push(triggers(list));
    }
    out
}

/// Triggers with their times. Those of foreign keys the model prices itself.
fn triggers(list: &[Value]) -> String {
    let mut own = false;
    let shown: Vec<String> = list
        .iter()
        .map(Node)
        .map(|t| {
            let constraint = t.text("Constraint Name");
            own |= constraint.is_empty();
            let name = if constraint.is_empty() { t.text("Trigger Name") } else { constraint };
            let time = t.number("Time").map_or_else(String::new, |ms| format!("{ms} ms in "));
            format!("{name} ({time}{} calls)", t.number("Calls").unwrap_or(0.0))
        })
        .collect();
    let rest = if own {
        "foreign keys are priced by the model; what other triggers do is not, so give `cpu`"
    } else {
        "foreign keys are priced by the model"
    };
    format!("the given plan ran triggers: {}; {rest}", shown.join(", "))
}
