//! The Universal Scalability Law (Gunther 2007).

use serde::Serialize;

/// `X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usl {
    /// Contention: the part that is done one at a time.
    pub sigma: f64,
    /// Coherency: what each pair of clients costs.
    pub kappa: f64,
    /// Throughput of one client.
    pub lambda: f64,
}

impl Usl {
    /// Throughput of N clients, in the unit of lambda.
    #[must_use]
    pub fn throughput(&self, clients: f64) -> f64 {
        self.lambda * clients / self.slowdown(clients)
    }

    /// Response time with N clients: N / X(N).
    #[must_use]
    pub fn response(&self, clients: f64) -> f64 {
        self.slowdown(clients) / self.lambda
    }

    fn slowdown(&self, n: f64) -> f64 {
        1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0)
    }

    /// Clients at which throughput peaks, `sqrt((1 - sigma) / kappa)`; none when it never falls.
    #[must_use]
    pub fn peak(&self) -> Option<f64> {
        if self.kappa <= 0.0 {
            return None;
        }
        // With sigma above 1 throughput falls from the first client on.
        Some(((1.0 - self.sigma) / self.kappa).max(1.0).sqrt())
    }

    /// Throughput that no number of clients passes, `lambda / sigma`, were there no coherency cost;
    /// none without contention.
    #[must_use]
    pub fn limit(&self) -> Option<f64> {
        (self.sigma > 0.0).then(|| self.lambda / self.sigma)
    }

    /// Clients at which linear growth would reach the limit, `1 / sigma`.
    #[must_use]
    pub fn optimum(&self) -> Option<f64> {
        (self.sigma > 0.0).then(|| 1.0 / self.sigma)
    }

    /// Clients that give a throughput: on the rising side, and past the peak (none without a peak).
    /// None when it is never reached.
    #[must_use]
    pub fn clients_at_throughput(&self, x: f64) -> Option<(f64, Option<f64>)> {
        // kappa x N^2 + (sigma x - kappa x - lambda) N + x (1 - sigma) = 0
        let (a, b, c) = (self.kappa * x, (self.sigma - self.kappa) * x - self.lambda, x * (1.0 - self.sigma));
        if self.kappa == 0.0 {
            return (b < 0.0).then(|| (-c / b, None));
        }
        let square = b * b - 4.0 * a * c;
        if square < 0.0 || b >= 0.0 {
            return None;
        }
        // The larger root without cancellation, the smaller one from the product of both.
        let q = 0.5 * (square.sqrt() - b);
        Some((c / q, Some(q / a)))
    }

    /// Clients at which the response time is reached; none when it is below that of no client.
    #[must_use]
    pub fn clients_at_response(&self, response: f64) -> Option<f64> {
        // kappa N^2 + (sigma - kappa) N + 1 - sigma - lambda R = 0
        let (a, b, c) = (self.kappa, self.sigma - self.kappa, 1.0 - self.sigma - self.lambda * response);
        if a == 0.0 {
            return (b > 0.0 && c <= 0.0).then(|| -c / b);
        }
        let square = b * b - 4.0 * a * c;
        if square < 0.0 {
            return None;
        }
        let root = if b > 0.0 { -2.0 * c / (b + square.sqrt()) } else { (square.sqrt() - b) / (2.0 * a) };
        (root >= 0.0).then_some(root)
    }

    /// Throughput at which the response time is reached: by Little's law, clients over response time.
    #[must_use]
    pub fn throughput_at_response(&self, response: f64) -> Option<f64> {
        self.clients_at_response(response).map(|n| n / response)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn inverses_go_round(sigma in 0.0..0.9f64, kappa in 0.0..0.1f64, lambda in 0.1..1e4f64, n in 1.0..500.0f64) {
            let u = Usl { sigma, kappa, lambda };
            let (x, r) = (u.throughput(n), u.response(n));
            let (rising, falling) = u.clients_at_throughput(x * (1.0 - 1e-12)).unwrap();
            let near = |m: f64| (u.throughput(m) / x - 1.0).abs() < 1e-6;
            prop_assert!(near(rising));
            if let Some(m) = falling {
                prop_assert!(near(m) && m >= rising);
                let peak = u.peak().unwrap();
                prop_assert!(rising <= peak * (1.0 + 1e-5) && m >= peak * (1.0 - 1e-5));
                prop_assert!(u.clients_at_throughput(u.throughput(peak) * 1.001).is_none());
            }
            prop_assume!(sigma > 1e-6 || kappa > 1e-6);
            prop_assert!((u.clients_at_response(r).unwrap() / n - 1.0).abs() < 1e-6);
            prop_assert!((u.throughput_at_response(r).unwrap() / x - 1.0).abs() < 1e-6);
        }
    }
}
