//! SVG: TPS over clients, or where one transaction's time goes. The drawing is in the templates; here
//! are the coordinates.

use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use crate::forecast::Forecast;
use crate::render::number::{duration, percent, short};
use crate::render::plot::{Point, nice};
use crate::render::{Exporter, RenderError, text};

/// The SVG format.
#[derive(Debug, Clone, Copy)]
pub struct Svg;

impl Exporter for Svg {
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError> {
        draw(forecasts)
    }
}

/// The drawing for one forecast or for a curve.
pub(super) fn draw(forecasts: &[Forecast]) -> Result<String, RenderError> {
    match forecasts {
        [one] => fill(include_str!("templates/breakdown.svg"), context! { b => Breakdown::of(one) }),
        all => fill(include_str!("templates/curve.svg"), context! { c => Curve::of(all) }),
    }
}

/// Fills a template, escaping as HTML and XML need it.
pub(super) fn fill(template: &str, context: minijinja::Value) -> Result<String, RenderError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    Ok(environment.render_str(template, context)? + "\n")
}

#[derive(Debug, Serialize)]
struct Tick {
    at: f64,
    label: String,
}

#[derive(Debug, Serialize)]
struct Mark {
    x: f64,
    y: f64,
    label: String,
}

#[derive(Debug, Serialize)]
struct Curve {
    title: String,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    band: String,
    line: String,
    points: Vec<Mark>,
}

impl Curve {
    fn of(all: &[Forecast]) -> Self {
        let (width, height, left, right, top, bottom) = (720.0, 400.0, 70.0, 700.0, 48.0, 350.0);
        let mut points: Vec<Point> = all.iter().filter_map(Point::of).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        let ends = points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| (a.min(p.x), b.max(p.x)));
        let log = ends.1 / ends.0 > 8.0;
        let scale = |x: f64| if log { x.ln() } else { x };
        let span = scale(ends.1) - scale(ends.0);
        let ceiling = nice(points.iter().map(|p| p.high.max(p.y)).fold(0.0, f64::max));
        let x =
            |v: f64| round(if span > 0.0 { left + (scale(v) - scale(ends.0)) / span * (right - left) } else { left });
        let y = |v: f64| round(bottom - v / ceiling * (bottom - top));
        let pairs = |list: &mut dyn Iterator<Item = (f64, f64)>| {
            list.map(|(a, b)| format!("{},{}", x(a), y(b))).collect::<Vec<_>>().join(" ")
        };
        let mut x_ticks: Vec<Tick> = Vec::new();
        for p in &points {
            // Labels closer than this would touch.
            if x_ticks.last().is_none_or(|t| x(p.x) - t.at >= 28.0) {
                x_ticks.push(Tick { at: x(p.x), label: p.x.to_string() });
            }
        }
        let first = all.first();
        Self {
            title: first.map(|f| format!("{} on {}", f.workload, f.machine.name)).unwrap_or_default(),
            x_ticks,
            y_ticks: (0..=4)
                .map(|i| f64::from(i) / 4.0 * ceiling)
                .map(|v| Tick { at: y(v), label: short(v) })
                .collect(),
            band: pairs(&mut points.iter().map(|p| (p.x, p.high)).chain(points.iter().rev().map(|p| (p.x, p.low)))),
            line: pairs(&mut points.iter().map(|p| (p.x, p.y))),
            points: points
                .iter()
                .map(|p| Mark { x: x(p.x), y: y(p.y), label: format!("{} clients: {} TPS", p.x, short(p.y)) })
                .collect(),
            width,
            height,
            left,
            right,
            top,
            bottom,
        }
    }
}

#[derive(Debug, Serialize)]
struct Bar {
    name: String,
    y: f64,
    demand: f64,
    residence: f64,
    label: String,
}

#[derive(Debug, Serialize)]
struct Breakdown {
    title: String,
    subtitle: String,
    width: f64,
    height: f64,
    left: f64,
    bars: Vec<Bar>,
}

impl Breakdown {
    fn of(f: &Forecast) -> Self {
        let (width, left, room) = (720.0, 140.0, 310.0);
        let stations = text::by_share(f);
        let longest = stations.iter().map(|s| s.residence_ms.max(s.demand_ms)).fold(f64::MIN_POSITIVE, f64::max);
        let bars: Vec<Bar> = stations
            .iter()
            .enumerate()
            .map(|(i, s)| Bar {
                name: s.name.clone(),
                y: 54.0 + 28.0 * i as f64,
                demand: round(s.demand_ms.min(s.residence_ms) / longest * room),
                residence: round(s.residence_ms / longest * room),
                label: format!(
                    "{}, {} of the latency{}",
                    duration(s.residence_ms),
                    percent(s.share_of_latency),
                    s.utilization.map(|u| format!(", {} busy", percent(u))).unwrap_or_default()
                ),
            })
            .collect();
        Self {
            title: format!("{} on {}, {}", f.workload, f.machine.name, text::load(f)),
            subtitle: format!("{} TPS ({} to {})", short(f.tps.mean), short(f.tps.low), short(f.tps.high)),
            width,
            height: 54.0 + 28.0 * bars.len() as f64 + 30.0,
            left,
            bars,
        }
    }
}

/// Tenths of a pixel are enough, and keep files small and the same everywhere.
pub(super) fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    fn curve() -> Vec<Forecast> {
        let one = |(clients, tps): (u64, f64)| {
            let mut f = sample::forecast();
            f.clients = Some(clients);
            (f.tps.mean, f.tps.low, f.tps.high) = (tps, tps * 0.9, tps * 1.1);
            f
        };
        [(1, 150.0), (4, 480.0), (16, 897.0), (64, 915.0)].into_iter().map(one).collect()
    }

    #[test]
    fn a_curve_has_a_mark_per_forecast_inside_the_picture() {
        let c = Curve::of(&curve());
        assert_eq!(c.points.len(), 4);
        assert!(c.points.iter().all(|p| (c.left..=c.right).contains(&p.x) && (c.top..=c.bottom).contains(&p.y)));
        // Equal factors are equally far apart, and more TPS is higher up.
        let steps: Vec<f64> = c.points.windows(2).map(|w| w[1].x - w[0].x).collect();
        assert!(steps.iter().all(|s| (s - 210.0).abs() < 0.2), "{steps:?}");
        assert!(c.points.windows(2).all(|w| w[1].y < w[0].y));
        assert_eq!(Svg.export(&curve()).unwrap().matches("<circle").count(), 4);
    }

    #[test]
    fn names_are_escaped() {
        let mut f = sample::forecast();
        f.workload = "<b>&\"".into();
        let out = Svg.export(&[f]).unwrap();
        assert!(out.contains("&lt;b&gt;&amp;&quot;") && !out.contains("<b>"), "{out}");
    }
}
