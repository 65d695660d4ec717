//! The simulation's speed, and the analytic forecast beside it: `cargo bench --bench simulation`.
//!
//! Options after `--`: a number of random models (default 200), `--first N` to start elsewhere in the
//! sequence, `--precision P` (default 0.01), `--speed` for the speed only.

mod compare;
mod random_model;
mod speed;

fn main() {
    let mut options = compare::Options { models: 200, first: 0, precision: 0.01 };
    let mut only_speed = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = |what: &str| -> f64 {
            let text = arguments.next().unwrap_or_default();
            text.parse().unwrap_or_else(|_| panic!("{what} needs a number, not `{text}`"))
        };
        match argument.as_str() {
            // Cargo adds it.
            "--bench" => {}
            "--speed" => only_speed = true,
            "--first" => options.first = value("--first") as u64,
            "--precision" => options.precision = value("--precision"),
            number => options.models = number.parse().unwrap_or_else(|_| panic!("unknown option `{number}`")),
        }
    }
    speed::print();
    if !only_speed {
        compare::print(&options);
    }
}
