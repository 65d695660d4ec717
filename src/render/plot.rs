//! A small plot for terminals, in plain characters.

use crate::forecast::Forecast;
use crate::render::number;

/// One point with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Along.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Point {
    /// TPS over clients; `None` under open load.
    #[must_use]
    pub fn of(forecast: &Forecast) -> Option<Self> {
        let tps = forecast.tps;
        Some(Self { x: forecast.clients? as f64, y: tps.mean, low: tps.low, high: tps.high })
    }
}

/// Draws points (`*`) with their intervals (`|`) over `width` columns and `height` rows; x is
/// logarithmic when the points span more than a factor of eight. Empty for fewer than two points.
#[must_use]
pub fn plot(points: &[Point], width: usize, height: usize) -> String {
    plot_over(points, &|_| None, width, height)
}

/// The same over a curve (`.`), drawn where it has a value.
#[must_use]
pub fn plot_over(points: &[Point], curve: &dyn Fn(f64) -> Option<f64>, width: usize, height: usize) -> String {
    let finite = |p: &&Point| p.x.is_finite() && p.y.is_finite() && p.high.is_finite() && p.low.is_finite();
    let points: Vec<&Point> = points.iter().filter(finite).collect();
    let fold = |f: fn(f64, f64) -> f64, start| points.iter().map(|p| p.x).fold(start, f);
    let (first, last) = (fold(f64::min, f64::INFINITY), fold(f64::max, f64::NEG_INFINITY));
    if points.len() < 2 || first >= last {
        return String::new();
    }
    let top = nice(points.iter().map(|p| p.high.max(p.y)).fold(0.0, f64::max));
    let label_width = number::short(top).len().max(4) + 1;
    let columns = width.saturating_sub(label_width + 2).max(10);
    let log = first > 0.0 && last / first > 8.0;
    let scale = |x: f64| if log { x.ln() } else { x };
    let column =
        |x: f64| ((scale(x) - scale(first)) / (scale(last) - scale(first)) * (columns - 1) as f64).round() as usize;
    let row = |y: f64| (height - 1) - ((y / top).clamp(0.0, 1.0) * (height - 1) as f64).round() as usize;
    let mut grid = vec![vec![' '; columns]; height];
    let positions = (0..columns).map(|c| scale(first) + (scale(last) - scale(first)) * c as f64 / (columns - 1) as f64);
    for (at, x) in positions.map(|p| if log { p.exp() } else { p }).enumerate() {
        if let Some(y) = curve(x).filter(|y| (0.0..=top).contains(y)) {
            grid[row(y)][at] = '.';
        }
    }
    for p in &points {
        for cells in &mut grid[row(p.high)..=row(p.low)] {
            cells[column(p.x)] = '|';
        }
    }
    for p in &points {
        grid[row(p.y)][column(p.x)] = '*';
    }
    let mut out = String::new();
    for (i, cells) in grid.iter().enumerate() {
        let label = match i {
            0 => number::short(top),
            _ if i == height / 2 && height > 4 => number::short(top * (height - 1 - i) as f64 / (height - 1) as f64),
            _ if i == height - 1 => "0".into(),
            _ => String::new(),
        };
        let line: String = cells.iter().collect();
        out += format!("{label:>label_width$} |{line}").trim_end();
        out.push('\n');
    }
    out += &format!("{:label_width$} +{}\n", "", "-".repeat(columns));
    out += &axis(&points, column, label_width + 2, columns);
    out
}

/// Labels under the x axis, as many as fit.
fn axis(points: &[&Point], column: impl Fn(f64) -> usize, offset: usize, columns: usize) -> String {
    let mut line: Vec<char> = vec![' '; offset + columns + 4];
    let mut free_from = 0;
    let mut place = |x: f64, line: &mut Vec<char>| {
        let label = if x.fract() == 0.0 { format!("{x}") } else { number::short(x) };
        let start = (offset + column(x)).saturating_sub(label.len() / 2);
        if start >= free_from && start + label.len() <= line.len() {
            for (i, c) in label.chars().enumerate() {
                line[start + i] = c;
            }
            free_from = start + label.len() + 1;
        }
    };
    for p in points {
        place(p.x, &mut line);
    }
    line.into_iter().collect::<String>().trim_end().to_owned() + "\n"
}

/// The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not below `x`.
pub(super) fn nice(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(x.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    power * steps.into_iter().find(|s| s * power >= x * (1.0 - 1e-12)).unwrap_or(10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f64, y: f64) -> Point {
        Point { x, y, low: y, high: y }
    }

    #[test]
    fn a_line_rises_from_the_left_bottom_to_the_right_top() {
        let out = plot(&[point(1.0, 0.0), point(2.0, 50.0), point(3.0, 100.0)], 40, 5);
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].ends_with('*') && lines[0].starts_with("  100 |"), "{out}");
        assert_eq!(lines[4].trim_start(), "0 |*", "{out}");
        assert_eq!(out.matches('*').count(), 3);
        assert!(lines.iter().all(|l| l.len() <= 40), "{out}");
    }

    #[test]
    fn nothing_to_draw_from_one_point() {
        assert_eq!(plot(&[point(1.0, 5.0)], 40, 5), "");
        assert_eq!(plot(&[point(1.0, f64::NAN), point(2.0, 1.0)], 40, 5), "");
    }
}
