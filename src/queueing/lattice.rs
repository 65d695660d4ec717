//! Functions on the lattice of populations (n_1, ..., n_R), and the station operator on them.
//!
//! The generating function of a station depends on the classes only through `y = sum of d_r z_r`,
//! and multiplying by y means adding up d_r times the neighbour with one customer of class r less.
//! So a station whose speed is constant beyond m customers is folded in by m applications of that
//! operator and one recursion, with positive terms only.

/// The lattice of all populations up to a largest one.
#[derive(Debug, Clone)]
pub(super) struct Lattice {
    /// Number of points along each class; the first class is the innermost.
    sizes: Vec<usize>,
    /// Distance of neighbours along each class.
    pub strides: Vec<usize>,
    /// Number of points.
    pub points: usize,
}

impl Lattice {
    pub fn new(populations: &[u64]) -> Option<Self> {
        let mut points = 1usize;
        let (mut sizes, mut strides) = (Vec::new(), Vec::new());
        for n in populations {
            let size = usize::try_from(*n).ok()?.checked_add(1)?;
            strides.push(points);
            sizes.push(size);
            points = points.checked_mul(size)?;
        }
        Some(Self { sizes, strides, points })
    }

    /// Calls `f(start of the row, coordinates of the outer classes)` for every row along the first class.
    fn rows(&self, mut f: impl FnMut(usize, &[usize])) {
        let inner = self.sizes[0];
        let mut outer = vec![0; self.sizes.len()];
        for start in (0..self.points).step_by(inner) {
            f(start, &outer);
            for (o, size) in outer.iter_mut().zip(&self.sizes).skip(1) {
                *o += 1;
                if *o < *size {
                    break;
                }
                *o = 0;
            }
        }
    }

    /// The same from the last row to the first.
    fn rows_backwards(&self, mut f: impl FnMut(usize, &[usize])) {
        let inner = self.sizes[0];
        let mut outer: Vec<usize> = self.sizes.iter().map(|s| s - 1).collect();
        for start in (0..self.points).step_by(inner).rev() {
            f(start, &outer);
            for (o, size) in outer.iter_mut().zip(&self.sizes).skip(1) {
                if *o > 0 {
                    *o -= 1;
                    break;
                }
                *o = size - 1;
            }
        }
    }

    /// `v / (1 - y)`, in place.
    pub fn divide(&self, v: &mut [f64], d: &[f64]) {
        let inner = self.sizes[0];
        self.rows(|start, outer| {
            for r in 1..outer.len() {
                if outer[r] > 0 && d[r] != 0.0 {
                    let (before, row) = v.split_at_mut(start);
                    let from = &before[start - self.strides[r]..][..inner];
                    row[..inner].iter_mut().zip(from).for_each(|(a, b)| *a += d[r] * b);
                }
            }
            let mut last = 0.0;
            for value in &mut v[start..start + inner] {
                last = *value + d[0] * last;
                *value = last;
            }
        });
    }

    /// `scale * g + y v / speed` in place of v.
    pub fn step(&self, v: &mut [f64], g: &[f64], scale: f64, d: &[f64], speed: f64) {
        let inner = self.sizes[0];
        self.rows_backwards(|start, outer| {
            let (before, row) = v.split_at_mut(start);
            let row = &mut row[..inner];
            let own = d[0] / speed;
            for i in (1..inner).rev() {
                row[i] = scale * g[start + i] + own * row[i - 1];
            }
            row[0] = scale * g[start];
            for r in 1..outer.len() {
                if outer[r] > 0 && d[r] != 0.0 {
                    let from = &before[start - self.strides[r]..][..inner];
                    let factor = d[r] / speed;
                    row.iter_mut().zip(from).for_each(|(a, b)| *a += factor * b);
                }
            }
        });
    }

    /// `F(y) g` for a station of these speeds, into `out`.
    pub fn fold(&self, g: &[f64], out: &mut Vec<f64>, d: &[f64], speeds: &[f64]) {
        let Some((last, body)) = speeds.split_last() else { return };
        out.clear();
        out.extend_from_slice(g);
        let scaled: Vec<f64> = d.iter().map(|d| d / last).collect();
        self.divide(out, &scaled);
        for speed in body.iter().rev() {
            self.step(out, g, 1.0, d, *speed);
        }
    }

    /// `F'(y) g`, F' being the derivative, into `out`.
    pub fn fold_derivative(&self, g: &[f64], out: &mut Vec<f64>, d: &[f64], speeds: &[f64]) {
        let Some((last, body)) = speeds.split_last() else { return };
        let scaled: Vec<f64> = d.iter().map(|d| d / last).collect();
        // With L speeds: F = sum over j < L-1 of c_j y^j + c_(L-1) y^(L-1) / (1 - y / last).
        let mut once = g.to_vec();
        self.divide(&mut once, &scaled);
        out.clear();
        out.extend_from_slice(&once);
        self.divide(out, &scaled);
        if body.is_empty() {
            out.iter_mut().for_each(|v| *v /= last);
            return;
        }
        // c_(L-1) y^(L-2) ((L-1) / (1 - y/last) + (y/last) / (1 - y/last)^2), then Horner downwards
        // through j c_j y^(j-1) for j = L-2 ... 1, each step dividing by the next speed.
        self.step(out, &once, body.len() as f64, d, *last);
        for j in (1..body.len()).rev() {
            self.step(out, g, j as f64, d, body[j]);
        }
        out.iter_mut().for_each(|v| *v /= body[0]);
    }

    /// `sum over n of a(n) b(top - n)` where top is the last point, or its neighbour with one
    /// customer of class `less` less.
    pub fn dot(&self, a: &[f64], b: &[f64], less: Option<usize>) -> f64 {
        let top = self.points - 1 - less.map_or(0, |r| self.strides[r]);
        let inner = self.sizes[0];
        let mut sum = 0.0;
        self.rows(|start, outer| {
            if let Some(r) = less.filter(|r| *r > 0)
                && outer[r] + 1 == self.sizes[r]
            {
                return;
            }
            let count = if less == Some(0) { inner - 1 } else { inner };
            if count == 0 {
                return;
            }
            let mirrored = &b[top + 1 - start - count..][..count];
            sum += a[start..start + count].iter().zip(mirrored.iter().rev()).map(|(x, y)| x * y).sum::<f64>();
        });
        sum
    }

    /// Product over classes of Poisson probabilities with these means.
    pub fn poisson(&self, means: &[f64]) -> Vec<f64> {
        let rows: Vec<Vec<f64>> = self.sizes.iter().zip(means).map(|(size, mean)| poisson(*size, *mean)).collect();
        let mut v = vec![0.0; self.points];
        self.rows(|start, outer| {
            let factor: f64 = (1..outer.len()).map(|r| rows[r][outer[r]]).product();
            for (value, p) in v[start..].iter_mut().zip(&rows[0]) {
                *value = factor * p;
            }
        });
        v
    }
}

/// Poisson probabilities of 0, 1, ..., size - 1, from the most likely one outwards, so that no mean
/// is too large; scaled by a common factor.
fn poisson(size: usize, mean: f64) -> Vec<f64> {
    let mut p = vec![0.0; size];
    // Truncation is meant: the mode.
    let mode = (mean as usize).min(size - 1);
    p[mode] = 1.0;
    for j in mode + 1..size {
        p[j] = p[j - 1] * mean / j as f64;
    }
    for j in (0..mode).rev() {
        p[j] = p[j + 1] * (j + 1) as f64 / mean;
    }
    p
}
