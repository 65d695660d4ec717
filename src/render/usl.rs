//! A fit of the Universal Scalability Law as text, JSON and SVG.

use minijinja::context;
use serde::Serialize;

use crate::fit::usl::Usl;
use crate::fit::usl_fit::{Bound, UslFit};
use crate::render::paint::{Paint, wrap};
use crate::render::plot::{Point, nice, plot_over};
use crate::render::{RenderError, WIDTH, number, svg, table};

/// Below this the fit is called poor.
const GOOD_R_SQUARED: f64 = 0.95;

/// What `predict usl` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Contention.
    pub sigma: f64,
    /// Coherency.
    pub kappa: f64,
    /// Throughput of one client.
    pub lambda: f64,
    /// Clients at which throughput peaks; null when it never falls.
    pub peak_clients: Option<f64>,
    /// Throughput there.
    pub peak_tps: Option<f64>,
    /// Throughput that contention alone would allow; null without contention.
    pub limit_tps: Option<f64>,
    /// Clients at which linear growth would reach that; null without contention.
    pub optimal_clients: Option<f64>,
    /// Share of the variation explained.
    pub r_squared: f64,
    /// 95 % intervals.
    pub intervals: Intervals,
    /// Standard errors.
    pub std_errors: StdErrors,
    /// Standard deviation of the residuals.
    pub residual_std_error: f64,
    /// Points less parameters.
    pub degrees_of_freedom: usize,
    /// Coefficients that the constraint holds at 0.
    pub at_bound: Vec<Bound>,
    /// Throughput at the numbers of clients asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<At>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// 95 % intervals; null for a coefficient that is not fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intervals {
    /// Probability that the interval holds the coefficient.
    pub confidence: f64,
    /// Of sigma.
    pub sigma: Option<[f64; 2]>,
    /// Of kappa.
    pub kappa: Option<[f64; 2]>,
    /// Of lambda.
    pub lambda: Option<[f64; 2]>,
}

/// Standard errors; null for a coefficient that is not fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StdErrors {
    /// Of sigma.
    pub sigma: Option<f64>,
    /// Of kappa.
    pub kappa: Option<f64>,
    /// Of lambda.
    pub lambda: Option<f64>,
}

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct At {
    /// Clients.
    pub clients: f64,
    /// Throughput.
    pub tps: f64,
}

impl Report {
    /// A fit of `points`, with the throughput at some numbers of clients.
    #[must_use]
    pub fn new(fit: &UslFit, points: &[(f64, f64)], at: &[f64]) -> Self {
        let usl = fit.usl;
        let peak = usl.peak();
        let [sigma, kappa, lambda] = fit.intervals;
        Self {
            sigma: usl.sigma,
            kappa: usl.kappa,
            lambda: usl.lambda,
            peak_clients: peak,
            peak_tps: peak.map(|n| usl.throughput(n)),
            limit_tps: usl.limit(),
            optimal_clients: usl.optimum(),
            r_squared: fit.r_squared,
            intervals: Intervals { confidence: 0.95, sigma, kappa, lambda },
            std_errors: StdErrors { sigma: fit.std_error[0], kappa: fit.std_error[1], lambda: fit.std_error[2] },
            residual_std_error: fit.residual_std_error,
            degrees_of_freedom: fit.degrees_of_freedom,
            at_bound: fit.at_bound.clone(),
            at: at.iter().map(|n| At { clients: *n, tps: usl.throughput(*n) }).collect(),
            warnings: warnings(fit, points),
        }
    }

    fn usl(&self) -> Usl {
        Usl { sigma: self.sigma, kappa: self.kappa, lambda: self.lambda }
    }

    /// As text, with a plot.
    #[must_use]
    pub fn text(&self, points: &[(f64, f64)], paint: Paint) -> String {
        let row = |name: &str, value: f64, interval: Option<[f64; 2]>, means: &str| {
            let interval = interval.map_or_else(
                || "-".to_owned(),
                |[low, high]| format!("{} .. {}", number::short(low), number::short(high)),
            );
            vec![name.to_owned(), number::short(value), interval, means.to_owned()]
        };
        let rows = [
            row("sigma", self.sigma, self.intervals.sigma, "contention: done one at a time"),
            row("kappa", self.kappa, self.intervals.kappa, "coherency: cost of each pair"),
            row("lambda", self.lambda, self.intervals.lambda, "tps of one client"),
        ];
        let mut out = match (self.peak_clients, self.peak_tps) {
            (Some(n), Some(x)) => {
                paint.bold(&format!("peak: {} tps at {} clients", number::short(x), number::short(n))) + "\n"
            }
            _ => match self.limit_tps {
                Some(x) => paint.bold(&format!("no peak: throughput approaches {} tps", number::short(x))) + "\n",
                None => paint.bold("no peak: throughput grows linearly") + "\n",
            },
        };
        out += &format!("R^2 {:.4}, {} points\n\n", self.r_squared, points.len());
        out += &table::plain(&["", "value", "95 % interval", "meaning"], &rows, 1);
        for at in &self.at {
            out += &format!("\n{} clients: {} tps", number::short(at.clients), number::short(at.tps));
        }
        if !self.at.is_empty() {
            out += "\n";
        }
        let measured: Vec<Point> =
            sorted(points).iter().map(|(x, y)| Point { x: *x, y: *y, low: *y, high: *y }).collect();
        let usl = self.usl();
        out += "\n";
        out += &plot_over(&measured, &|n| Some(usl.throughput(n)), WIDTH, 14);
        if !self.warnings.is_empty() {
            out += "\n";
        }
        for warning in &self.warnings {
            // The label is coloured after wrapping, so that its codes take no room.
            let text = wrap("warning: ", warning, WIDTH);
            out += &text.replacen("warning:", &paint.warn("warning:"), 1);
        }
        out
    }

    /// As a drawing: measurements and the fitted curve.
    ///
    /// # Errors
    /// The template's.
    pub fn svg(&self, points: &[(f64, f64)]) -> Result<String, RenderError> {
        let (left, right, top, bottom) = (70.0, 700.0, 48.0, 350.0);
        let points = sorted(points);
        let last = points.iter().map(|p| p.0).fold(1.0, f64::max);
        // The peak belongs into the picture unless it is far away.
        let reach = self.peak_clients.filter(|n| *n < 3.0 * last).map_or(last, |n| last.max(1.1 * n));
        let usl = self.usl();
        let curve: Vec<(f64, f64)> =
            (0..=120).map(|i| reach * f64::from(i) / 120.0).map(|n| (n, usl.throughput(n).max(0.0))).collect();
        let ceiling = nice(points.iter().chain(&curve).map(|p| p.1).fold(0.0, f64::max));
        let x = |n: f64| svg::round(left + n / reach * (right - left));
        let y = |v: f64| svg::round(bottom - v / ceiling * (bottom - top));
        let line: Vec<String> = curve.iter().map(|(n, v)| format!("{},{}", x(*n), y(*v))).collect();
        let tick = |at: f64, label: f64| context! { at => at, label => number::short(label) };
        let quarter = |whole: f64, i: u32| whole * f64::from(i) / 4.0;
        let x_ticks: Vec<_> = (0..=4).map(|i| quarter(reach, i)).map(|n| tick(x(n), n)).collect();
        let y_ticks: Vec<_> = (0..=4).map(|i| quarter(ceiling, i)).map(|v| tick(y(v), v)).collect();
        let marks: Vec<_> = points.iter().map(|(n, v)| context! { x => x(*n), y => y(*v) }).collect();
        let title = format!(
            "sigma {}, kappa {}, lambda {}, R^2 {:.3}",
            number::short(self.sigma),
            number::short(self.kappa),
            number::short(self.lambda),
            self.r_squared
        );
        let peak = self.peak_clients.filter(|n| *n <= reach).map(x);
        svg::fill(
            include_str!("templates/usl.svg"),
            context! { title, left, right, top, bottom, line => line.join(" "), x_ticks, y_ticks, marks, peak },
        )
    }
}

fn sorted(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn warnings(fit: &UslFit, points: &[(f64, f64)]) -> Vec<String> {
    let mut out = Vec::new();
    let last = points.iter().map(|p| p.0).fold(0.0, f64::max);
    if fit.r_squared.is_nan() || fit.r_squared < GOOD_R_SQUARED {
        out.push(format!(
            "the fit is poor (R^2 {:.3}, residuals of {} tps): the data do not follow this law",
            fit.r_squared,
            number::short(fit.residual_std_error)
        ));
    }
    for bound in &fit.at_bound {
        let name = match bound {
            Bound::Sigma => "sigma",
            Bound::Kappa => "kappa",
        };
        out.push(format!("{name} is held at 0, where it has no interval: the data would have it negative"));
    }
    if fit.superlinear {
        out.push("throughput grows faster than linearly at first, which this law does not describe".to_owned());
    }
    if let Some(peak) = fit.usl.peak().filter(|n| *n > last) {
        out.push(format!(
            "the peak at {} clients lies beyond the data, which end at {}: it is extrapolated",
            number::short(peak),
            number::short(last)
        ));
    }
    if fit.usl.kappa < 0.0 || fit.usl.sigma < 0.0 {
        out.push("a negative coefficient has no meaning and extrapolates badly".to_owned());
    }
    out
}
