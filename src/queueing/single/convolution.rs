//! Convolution with scaled demands, for populations up to a few hundred.
//!
//! Demands are multiplied by a throughput that cannot be passed, so that `G(n)` grows with n by
//! modest factors. A generating function is kept as a polynomial and a geometric tail, which costs
//! one multiplication per customer and server instead of one per pair of customers.

use super::shape::{Shape, Table};
use super::{CONVOLUTION_LIMIT, Solution};

/// 1 / n.
const RECIPROCALS: [f64; CONVOLUTION_LIMIT as usize + 2] = {
    let mut r = [0.0; CONVOLUTION_LIMIT as usize + 2];
    let mut n = 1;
    while n < r.len() {
        r[n] = 1.0 / n as f64;
        n += 1;
    }
    r
};

/// Buffers, kept between calls.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Prefix products: the delays and single servers, then with each table more.
    pub planes: Vec<Vec<f64>>,
    /// The network with the gathering station replaced by its delay part alone.
    pub delayed: Vec<f64>,
    scratch: Vec<f64>,
    suffix: Vec<f64>,
    weighted: Vec<f64>,
    /// Polynomial and tail of each table, pooled.
    pub forms: Vec<Form>,
    coefficients: Vec<f64>,
}

/// `f(j)` of a table: `coefficients[start .. start + len]`, each further one `ratio` times the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub station: usize,
    start: usize,
    len: usize,
    ratio: f64,
}

impl Buffers {
    /// Convolves everything, table by table; returns the place of the plane that has all in it.
    pub fn fold_all(&mut self, shape: &Shape, n: usize) -> usize {
        self.base(shape, n);
        let tables = self.forms.len();
        for h in 0..tables {
            self.fold_plane(h);
            if !self.delayed.is_empty() {
                self.fold_delayed(h);
            }
        }
        tables
    }

    /// Convolves all but the tables into the first plane, and prepares the forms of the tables.
    fn base(&mut self, shape: &Shape, n: usize) {
        let x = shape.ceiling;
        self.forms.clear();
        self.coefficients.clear();
        if self.planes.is_empty() {
            self.planes.push(Vec::new());
        }
        let plane = &mut self.planes[0];
        poisson(plane, shape.delay * x, n);
        self.delayed.clear();
        if let Some(station) = shape.gathering.first() {
            let share = station.share;
            poisson(&mut self.delayed, (shape.delay + station.long) * x, n);
            for (a, b) in plane.iter_mut().zip(&self.delayed) {
                *a = (1.0 - share) * *a + share * b;
            }
        }
        for (_, demand) in &shape.singles {
            if self.delayed.is_empty() {
                geometric(plane, demand * x);
            } else {
                geometric_pair(plane, &mut self.delayed, demand * x);
            }
        }
        for table in &shape.tables {
            self.add_form(table, shape.speeds(table), x);
        }
        for station in shape.gathering.iter().skip(1) {
            let start = self.coefficients.len();
            let mut c = 1.0;
            self.coefficients.push(c);
            for j in 1..=n {
                c *= station.demand * x / station.speed(j);
                self.coefficients.push(c);
            }
            self.forms.push(Form { station: station.station, start, len: n + 1, ratio: 0.0 });
        }
    }

    fn add_form(&mut self, table: &Table, speeds: &[f64], x: f64) {
        let start = self.coefficients.len();
        let (mut c, mut ratio) = (1.0, 0.0);
        for speed in speeds {
            self.coefficients.push(c);
            ratio = table.demand * x / speed;
            c *= ratio;
        }
        self.forms.push(Form { station: table.station, start, len: table.len, ratio });
    }

    /// Convolves form `h` with `from` into `to`.
    fn fold(coefficients: &[f64], form: &Form, from: &[f64], to: &mut Vec<f64>) {
        let c = &coefficients[form.start..form.start + form.len];
        let last = form.len - 1;
        to.clear();
        to.resize(from.len(), 0.0);
        // The tail starts at the last coefficient and is a recursion; the rest is a polynomial.
        if form.ratio > 0.0 {
            let mut t = 0.0;
            for n in last..from.len() {
                t = from[n - last] + form.ratio * t;
                to[n] = c[last] * t;
            }
        } else {
            axpy(c[last], from, to, last);
        }
        for (j, cj) in c[..last].iter().enumerate() {
            axpy(*cj, from, to, j);
        }
    }

    /// Convolves `j f(j)` of form `h` with `from` into `to`.
    fn fold_weighted(coefficients: &[f64], form: &Form, from: &[f64], to: &mut Vec<f64>) {
        let c = &coefficients[form.start..form.start + form.len];
        let last = form.len - 1;
        to.clear();
        to.resize(from.len(), 0.0);
        if form.ratio > 0.0 {
            let (mut t, mut s) = (0.0, 0.0);
            for n in last..from.len() {
                s = form.ratio * (s + t);
                t = from[n - last] + form.ratio * t;
                to[n] = c[last] * (last as f64 * t + s);
            }
        } else {
            axpy(last as f64 * c[last], from, to, last);
        }
        for (j, cj) in c[..last].iter().enumerate().skip(1) {
            axpy(j as f64 * cj, from, to, j);
        }
    }

    /// Plane `h` convolved with form `h` gives plane `h + 1`.
    fn fold_plane(&mut self, h: usize) {
        if self.planes.len() < h + 2 {
            self.planes.push(Vec::new());
        }
        let (low, high) = self.planes.split_at_mut(h + 1);
        Self::fold(&self.coefficients, &self.forms[h], &low[h], &mut high[0]);
    }

    /// `delayed` with form `h` folded in.
    fn fold_delayed(&mut self, h: usize) {
        Self::fold(&self.coefficients, &self.forms[h], &self.delayed, &mut self.scratch);
        std::mem::swap(&mut self.delayed, &mut self.scratch);
    }

    /// The weighted sums `sum over n <= N` of every form but `h`, with form `h` weighted by its
    /// customers: the unnormalized queue lengths at `h` for all populations.
    pub fn weighted_all(&mut self, h: usize, out: &mut Vec<f64>) {
        self.suffix.clear();
        self.suffix.extend_from_slice(&self.planes[h]);
        for other in h + 1..self.forms.len() {
            Self::fold(&self.coefficients, &self.forms[other], &self.suffix, &mut self.scratch);
            std::mem::swap(&mut self.suffix, &mut self.scratch);
        }
        Self::fold_weighted(&self.coefficients, &self.forms[h], &self.suffix, out);
    }
}

/// The solution at one population; false when the numbers left the range of f64.
pub(super) fn solve(shape: &Shape, b: &mut Buffers, population: u64, solution: &mut Solution) -> bool {
    solve_at(shape, b, &mut [(population as usize, solution)])
}

/// The solutions at several populations, the largest first, from one convolution.
pub(super) fn solve_at(shape: &Shape, b: &mut Buffers, wanted: &mut [(usize, &mut Solution)]) -> bool {
    let Some(largest) = wanted.first().map(|w| w.0) else { return true };
    let tables = b.fold_all(shape, largest);
    let g = &b.planes[tables];
    for (n, solution) in wanted.iter_mut() {
        let n = *n;
        if !(g[n].is_normal() && g[n - 1].is_normal()) {
            return false;
        }
        let inverse = 1.0 / g[n];
        solution.throughput = g[n - 1] * inverse * shape.ceiling;
        for (k, demand) in &shape.delays {
            solution.queue_lengths[*k] = solution.throughput * demand;
        }
        marginal_sums(shape, &g[..=n], inverse, &mut solution.queue_lengths);
        if let Some(station) = shape.gathering.first() {
            let (k, share) = (station.station, station.share);
            solution.queue_lengths[k] = station.demand * shape.ceiling * b.delayed[n - 1] * inverse;
            // P(nobody) is the network without the station over the whole, by the mixture's other part.
            solution.utilizations[k] = (share / (1.0 - share) * (b.delayed[n] * inverse - 1.0)).max(0.0);
        }
    }
    // From the last table to the first: w is the product of the later ones.
    b.suffix.clear();
    b.suffix.resize(largest + 1, 0.0);
    b.suffix[0] = 1.0;
    for h in (0..tables).rev() {
        let form = b.forms[h];
        Buffers::fold_weighted(&b.coefficients, &form, &b.suffix, &mut b.weighted);
        for (n, solution) in wanted.iter_mut() {
            let n = *n;
            let inverse = 1.0 / b.planes[tables][n];
            let below = &b.planes[h][..=n];
            solution.queue_lengths[form.station] = dot_reversed(below, &b.weighted[..=n]) * inverse;
            solution.utilizations[form.station] = 1.0 - dot_reversed(below, &b.suffix[..=n]) * inverse;
        }
        if h > 0 {
            Buffers::fold(&b.coefficients, &form, &b.suffix, &mut b.scratch);
            std::mem::swap(&mut b.suffix, &mut b.scratch);
        }
    }
    for (n, solution) in wanted.iter_mut() {
        solution.method = super::Method::Convolution;
        solution.terms = *n + 1;
        let total: f64 = solution.queue_lengths.iter().sum();
        solution.residual = (total / *n as f64 - 1.0).abs();
    }
    wanted.iter().all(|(_, solution)| solution.residual < 1e-9)
}

/// Queue lengths of single servers: `sum over j >= 1 of demand^j G(N - j) / G(N)`, by Horner, four
/// stations at a time since each is one chain of dependent operations.
fn marginal_sums(shape: &Shape, g: &[f64], inverse: f64, queue_lengths: &mut [f64]) {
    let below = &g[..g.len() - 1];
    for chunk in shape.singles.chunks(4) {
        let mut demand = [0.0; 4];
        for (d, (_, given)) in demand.iter_mut().zip(chunk) {
            *d = given * shape.ceiling;
        }
        let mut sum = [0.0; 4];
        for value in below {
            for (s, d) in sum.iter_mut().zip(&demand) {
                *s = d * (*s + value);
            }
        }
        for (s, (k, _)) in sum.iter().zip(chunk) {
            queue_lengths[*k] = s * inverse;
        }
    }
}

fn dot_reversed(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b.iter().rev()).map(|(x, y)| x * y).sum()
}

fn axpy(factor: f64, from: &[f64], to: &mut [f64], shift: usize) {
    if shift < to.len() {
        for (t, f) in to[shift..].iter_mut().zip(from) {
            *t += factor * f;
        }
    }
}

/// `mean^j / j!` for j = 0..=n.
fn poisson(out: &mut Vec<f64>, mean: f64, n: usize) {
    out.clear();
    out.reserve(n + 1);
    let mut term = 1.0;
    out.push(term);
    for r in &RECIPROCALS[1..=n] {
        term *= mean * r;
        out.push(term);
    }
}

fn geometric(v: &mut [f64], ratio: f64) {
    let mut last = 0.0;
    for value in v {
        last = *value + ratio * last;
        *value = last;
    }
}

fn geometric_pair(v: &mut [f64], w: &mut [f64], ratio: f64) {
    let (mut a, mut b) = (0.0, 0.0);
    for (x, y) in v.iter_mut().zip(w) {
        a = *x + ratio * a;
        b = *y + ratio * b;
        *x = a;
        *y = b;
    }
}
