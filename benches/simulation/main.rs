//! The simulation's speed, and the analytic forecast beside it: `cargo bench --bench simulation`.
//!
//! Options after `--`: a number of random models (default 200), `--first N` to start elsewhere in the
//! sequence, `--only N,N,...` for some of it, `--precision P` (default 0.01), `--speed` for the speed only.

mod compare;
mod random_model;
mod speed;

fn main() {
    let mut options = compare::Options { models: 200, first: 0, only: Vec::new(), precision: 0.01 };
    let mut only_speed = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let number = |what: &str, text: &str| -> f64 {
            text.parse().unwrap_or_else(|_| panic!("{what} needs a number, not `{text}`"))
        };
        let mut value = |what: &str| number(what, &arguments.next().unwrap_or_default());
        match argument.as_str() {
            // Cargo adds it.
            "--bench" => {}
            "--speed" => only_speed = true,
            "--first" => options.first = value("--first") as u64,
            "--only" => {
                let list = arguments.next().unwrap_or_default();
                options.only = list.split(',').map(|n| number("--only", n) as u64).collect();
            }
            "--precision" => options.precision = value("--precision"),
            number => options.models = number.parse().unwrap_or_else(|_| panic!("unknown option `{number}`")),
        }
    }
    speed::print();
    if !only_speed {
        compare::print(&options);
    }
}
