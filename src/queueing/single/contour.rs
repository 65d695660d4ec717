//! The normalizing constant as a contour integral, at a cost that does not grow with the population.
//!
//! `G(N)` is the integral of `F(z) z^(-N-1) / (2 pi i)` around the origin, F being the product of
//! the generating functions. All poles of F lie on the positive real axis (single servers at
//! 1 / demand, multi-servers where they saturate), so in `s = log(z / x)` any path that starts at
//! the saddle point x, leaves it vertically and bends around the positive axis will do. A
//! hyperbola that follows the path of steepest descent at the saddle is close to it both where the
//! population is spread like a Gaussian (think times) and where it is geometric (a saturated
//! server), for any number of equal or nearly equal demands; along it the trapezoidal rule converges
//! geometrically (Trefethen and Weideman 2014, "The exponentially convergent trapezoidal rule").
//! Throughput and queue lengths are averages over the same nodes: with weights w proportional to
//! the integrand, the throughput is the average of z, and the queue length at station k the average
//! of `z F_k'(z) / F_k(z)`.

use super::saddle::{Saddle, Terms};
use super::shape::Shape;
use super::{Method, Solution};

/// Nodes handled side by side.
const LANES: usize = 8;
/// Slope of the hyperbola's asymptotes where the poles alone decide: widest room on both sides.
const POLE_SLOPE: f64 = 1.0;
/// Slope where think times or many servers matter as well: their terms, taken one by one, then grow
/// along the path by a factor that costs three digits at most.
const MIXED_SLOPE: f64 = 0.5;
/// Share of the spread that is not the pole's, up to which the poles alone decide.
const POLE_ALONE: f64 = 0.02;
/// Nats of precision asked of the trapezoidal rule.
const PRECISION: f64 = 36.0;
/// Nodes after which the integrand is given up on.
const MOST_NODES: usize = 20_000;
/// Its exponential squared is still within f64.
const LARGE_EXPONENT: f64 = 300.0;
/// Largest accepted integrand where the path would close around the origin, relative to the sum.
const LEFT_OUT: f64 = 1e-13;
/// Largest accepted distance between population and the sum of queue lengths, relative.
const ACCEPTED: f64 = 1e-10;

/// Complex numbers of all lanes.
#[derive(Debug, Clone, Copy)]
struct Lanes {
    re: [f64; LANES],
    im: [f64; LANES],
}

impl Lanes {
    const ZERO: Self = Self { re: [0.0; LANES], im: [0.0; LANES] };
    const ONE: Self = Self { re: [1.0; LANES], im: [0.0; LANES] };

    #[inline]
    fn map(self, other: Self, f: impl Fn(f64, f64, f64, f64) -> (f64, f64)) -> Self {
        let mut out = Self::ZERO;
        for l in 0..LANES {
            (out.re[l], out.im[l]) = f(self.re[l], self.im[l], other.re[l], other.im[l]);
        }
        out
    }
    #[inline]
    fn times(self, other: Self) -> Self {
        self.map(other, |a, b, c, d| (a * c - b * d, a * d + b * c))
    }
    #[inline]
    fn plus(self, other: Self) -> Self {
        self.map(other, |a, b, c, d| (a + c, b + d))
    }
    #[inline]
    fn scale(self, factor: f64) -> Self {
        self.map(self, |a, b, _, _| (a * factor, b * factor))
    }
    /// `shift + factor * self`.
    #[inline]
    fn affine(self, shift: f64, factor: f64) -> Self {
        self.map(self, |a, b, _, _| (shift + factor * a, factor * b))
    }
    #[inline]
    fn inverse(self) -> Self {
        self.map(self, |a, b, _, _| {
            let n = 1.0 / (a * a + b * b);
            (a * n, -b * n)
        })
    }
    #[inline]
    fn exp(self) -> Self {
        let mut out = Self::ZERO;
        for l in 0..LANES {
            let (sin, cos) = self.im[l].sin_cos();
            let e = self.re[l].exp();
            (out.re[l], out.im[l]) = (e * cos, e * sin);
        }
        out
    }
    /// Sum over lanes of the imaginary part of `self * other`.
    #[inline]
    fn imaginary_dot(self, other: Self) -> f64 {
        let mut sum = 0.0;
        for l in 0..LANES {
            sum += self.re[l] * other.im[l] + self.im[l] * other.re[l];
        }
        sum
    }
    #[inline]
    fn imaginary_sum(self) -> f64 {
        self.im.iter().sum()
    }
}

/// Buffers, kept between calls.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    saddle: Saddle,
    values: Vec<Lanes>,
    sums: Vec<f64>,
    /// Per table: nobody there.
    empty: Vec<f64>,
}

/// The path `s(t) = wide (i sinh t) + bend (cosh t - 1)` and its step.
struct Path {
    wide: f64,
    bend: f64,
    step: f64,
}

impl Path {
    fn new(saddle: &Saddle) -> Self {
        let [_, variance, third] = saddle.moments;
        // Curvature of the path of steepest descent; that of a Poisson variable at least.
        let curvature = (third / (6.0 * variance)).max(1.0 / 6.0);
        // For nothing but poles, third * pole = 2 * variance.
        let slope = if 1.0 - 0.5 * third * saddle.pole / variance < POLE_ALONE { POLE_SLOPE } else { MIXED_SLOPE };
        let wide = slope / (2.0 * curvature);
        let bend = slope * wide;
        let deviation = variance.sqrt();
        // How far the path can be turned towards the positive axis before it meets a pole, and away
        // from it before its ends run the wrong way.
        let focus = wide.hypot(bend);
        let right = (1.0 / slope).atan() - ((saddle.pole + bend) / focus).min(1.0).acos();
        let room = right.min(slope.atan());
        let growth = (0.5 * variance * saddle.pole * saddle.pole).min(PRECISION);
        let by_pole = std::f64::consts::TAU * room / (PRECISION + growth);
        let by_width = 0.75 / (deviation * wide);
        Self { wide, bend, step: by_pole.min(by_width) }
    }
}

/// The solution at one population; false when the sum did not converge.
///
/// The population may be a fraction: the path then ends where the integrand has died out, before it
/// would have to close around the origin.
pub(super) fn solve(shape: &Shape, nodes: &mut Nodes, n: f64, solution: &mut Solution) -> bool {
    if !nodes.saddle.find(shape, n) {
        return false;
    }
    let path = Path::new(&nodes.saddle);
    let singles = shape.singles.len();
    let gathering = shape.gathering.len();
    let tables = shape.tables.len();
    nodes.values.clear();
    nodes.values.resize(singles + gathering + tables, Lanes::ZERO);
    nodes.sums.clear();
    nodes.sums.resize(singles + gathering + tables, 0.0);
    nodes.empty.clear();
    nodes.empty.resize(gathering, 0.0);
    let saddle = &nodes.saddle;
    let (mut total, mut moved) = (0.0, 0.0);
    let growth = path.step.exp();
    let mut e = 1.0;
    let mut used = 0;
    let mut quiet = 0;
    while quiet < 2 {
        if used >= MOST_NODES {
            return false;
        }
        let (mut s, mut tangent) = (Lanes::ZERO, Lanes::ZERO);
        for l in 0..LANES {
            let (sinh, cosh) = (0.5 * (e - 1.0 / e), 0.5 * (e + 1.0 / e));
            // cosh - 1 without cancellation.
            let bent = 0.5 * (e - 1.0) * (e - 1.0) / e;
            (s.re[l], s.im[l]) = (path.bend * bent, path.wide * sinh);
            (tangent.re[l], tangent.im[l]) = (path.bend * sinh, path.wide * cosh);
            e *= growth;
        }
        if used == 0 {
            // The path is symmetric: its middle counts once, all else twice.
            tangent.re[0] *= 0.5;
            tangent.im[0] *= 0.5;
        }
        // What is left of e^s - 1 - s keeps its digits however small s is.
        let rest = exp_rest(s);
        let z1 = rest.plus(s);
        let z = z1.affine(1.0, 1.0);
        let exponent = rest.scale(saddle.delayed).plus(s.scale(saddle.delayed - n));
        let mut w = exponent.exp().times(tangent);
        for (value, gap) in nodes.values.iter_mut().zip(&saddle.gaps) {
            let inverse = z1.affine(*gap, gap - 1.0).inverse();
            w = w.times(inverse.scale(*gap));
            *value = inverse;
        }
        for (value, station) in nodes.values[singles..].iter_mut().zip(&shape.gathering) {
            let (y, absent) = (station.long * saddle.x, station.absent());
            // (absent + e^(y z)) / (absent + e^y), with e^(y (z - 1)) already in the exponent.
            // Where that is beyond f64, what it is multiplied with is nothing: any large number will do.
            let mut lonely = z.scale(-y);
            lonely.re.iter_mut().for_each(|re| *re = re.min(LARGE_EXPONENT));
            let alone = lonely.exp();
            let both = alone.affine(1.0, absent);
            w = w.times(both.scale(1.0 / (1.0 + absent * (-y).exp())));
            *value = both.inverse();
        }
        for (value, table) in nodes.values[singles + gathering..].iter_mut().zip(&saddle.tables) {
            let (f, weighted) = table.evaluate(z, z1, s);
            w = w.times(f);
            *value = weighted.times(f.inverse());
        }
        let largest = w.re.iter().zip(&w.im).map(|(a, b)| a.abs() + b.abs()).fold(0.0, f64::max);
        total += w.imaginary_sum();
        moved += w.imaginary_dot(z1);
        let wz = w.times(z);
        for (sum, value) in nodes.sums[..singles].iter_mut().zip(&nodes.values) {
            *sum += wz.imaginary_dot(*value);
        }
        for (at, value) in nodes.values[singles..singles + gathering].iter().enumerate() {
            nodes.sums[singles + at] += wz.imaginary_dot(*value);
            nodes.empty[at] += w.imaginary_dot(*value);
        }
        for (sum, value) in nodes.sums[singles + gathering..].iter_mut().zip(&nodes.values[singles + gathering..]) {
            *sum += w.imaginary_dot(*value);
        }
        used += LANES;
        quiet = if largest < 1e-17 * total.abs() { quiet + 2 } else { 0 };
        if s.im[LANES - 1] > std::f64::consts::PI {
            // Here the path would close around the origin. The sum ends short of that, which leaves out what
            // the integrand still was: the queue lengths add up all the same and would not show it.
            let at = s.im.iter().position(|im| *im > std::f64::consts::PI).unwrap_or(LANES - 1);
            if w.re[at].abs() + w.im[at].abs() > LEFT_OUT * total.abs() {
                return false;
            }
            break;
        }
    }
    finish(shape, nodes, n, [total, moved], used, solution)
}

/// From sums to averages.
fn finish(
    shape: &Shape,
    nodes: &Nodes,
    n: f64,
    [total, moved]: [f64; 2],
    used: usize,
    solution: &mut Solution,
) -> bool {
    let saddle = &nodes.saddle;
    let (singles, gathering) = (shape.singles.len(), shape.gathering.len());
    let inverse = 1.0 / total;
    solution.throughput = saddle.x * (1.0 + moved * inverse);
    for (k, demand) in &shape.delays {
        solution.queue_lengths[*k] = solution.throughput * demand;
    }
    for (((k, _), sum), gap) in shape.singles.iter().zip(&nodes.sums).zip(&saddle.gaps) {
        solution.queue_lengths[*k] = sum * inverse * (1.0 - gap);
    }
    for (at, station) in shape.gathering.iter().enumerate() {
        let (k, share) = (station.station, station.share);
        solution.queue_lengths[k] = nodes.sums[singles + at] * inverse * station.long * saddle.x;
        // P(nobody) is the average of 1 / F, and (1 - share) / F is 1 less the share of the exponential.
        solution.utilizations[k] = (nodes.empty[at] * inverse - share) / (1.0 - share);
    }
    for (table, sum) in saddle.tables.iter().zip(&nodes.sums[singles + gathering..]) {
        solution.queue_lengths[table.station] = sum * inverse;
    }
    solution.method = Method::Contour;
    solution.terms = used;
    let sum: f64 = solution.queue_lengths.iter().sum();
    solution.residual = (sum / n - 1.0).abs();
    // A NaN anywhere fails here too.
    solution.residual < ACCEPTED
}

/// `e^s - 1 - s`.
fn exp_rest(s: Lanes) -> Lanes {
    let size = s.re.iter().chain(&s.im).fold(0.0, |m: f64, v| m.max(v.abs()));
    if size < 0.05 {
        // The series; 1 / 2 + 1 / 6 s + ..., nine terms for |s| < 0.08.
        const INVERSE_FACTORIALS: [f64; 9] = [
            1.0 / 3_628_800.0,
            1.0 / 362_880.0,
            1.0 / 40_320.0,
            1.0 / 5_040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
        ];
        let mut sum = Lanes::ZERO;
        for c in INVERSE_FACTORIALS {
            sum = sum.times(s).affine(c, 1.0);
        }
        return sum.times(s).times(s);
    }
    let mut out = Lanes::ZERO;
    for l in 0..LANES {
        let (a, b) = (s.re[l], s.im[l]);
        let (sin, cos) = b.sin_cos();
        let half = (0.5 * b).sin();
        out.re[l] = a.exp_m1() * cos - 2.0 * half * half - a;
        out.im[l] = a.exp() * sin - b;
    }
    out
}

impl Terms {
    /// The generating function at z times the saddle, relative to its value there, and the same
    /// with each term weighted by its customers.
    fn evaluate(&self, z: Lanes, z1: Lanes, s: Lanes) -> (Lanes, Lanes) {
        let Some((end, body)) = self.terms.split_last() else { return (Lanes::ONE, Lanes::ZERO) };
        // Tail: end * z^at / (1 - r z), 1 - r z = gap - r (z - 1).
        let at = (self.first + body.len()) as f64;
        let inverse = z1.affine(self.gap, self.gap - 1.0).inverse();
        let mut value = inverse.scale(*end);
        let mut weighted = value.times(z.scale(1.0 - self.gap).times(inverse).affine(at, 1.0));
        for (i, term) in body.iter().enumerate().rev() {
            let j = self.first + i;
            value = value.times(z).affine(*term, 1.0);
            weighted = weighted.times(z).affine(term * j as f64, 1.0);
        }
        if self.first > 0 {
            let shift = s.scale(self.first as f64).exp();
            value = value.times(shift);
            weighted = weighted.times(shift);
        }
        (value, weighted)
    }
}
