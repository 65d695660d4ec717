//! EXPLAIN's output, laid over what the model believes of a statement.
#![no_main]

use libfuzzer_sys::fuzz_target;
use predict::access::{Footprint, given_plan::Plan};
use predict::diagnostic::{Position, render_error};
use predict::workload::PlanText;

fuzz_target!(|text: &str| {
    let position = Position { file: "w.yaml".into(), line: 1, column: 1, path: None };
    match Plan::read(&PlanText { file: "plan.json".into(), text: text.into() }, position) {
        Ok(plan) => {
            drop(plan.warnings());
            let mut footprint = Footprint::default();
            plan.lay_over(&mut footprint);
        }
        Err(e) => {
            let lines = u32::try_from(text.split('\n').count()).unwrap_or(u32::MAX);
            let place = e.position.as_ref().expect("a plan's mistake has a place");
            assert!((1..=lines).contains(&place.line) && place.column >= 1, "{place}");
            drop(render_error(&e, false));
        }
    }
});
