//! What a measurement is typically, of a few repetitions on a machine with neighbours.

use statrs::statistics::{Data, Median, Statistics};

/// The median and its standard error, relative; `None` without values. A single value has the error `once`.
///
/// The fastest repetition would be what the machine can do undisturbed, some 8 % more on a shared host; but a load
/// that runs for long meets the neighbours too, and is forecast as it will be.
#[must_use]
pub fn typical(values: &[f64], once: f64) -> Option<(f64, f64)> {
    let middle = Data::new(values.to_vec()).median();
    match values.len() {
        0 => None,
        1 => Some((middle, once)),
        #[expect(clippy::cast_precision_loss, reason = "a few repetitions")]
        n => Some((middle, values.std_dev() / middle / (n as f64).sqrt())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_how_sure_it_is() {
        assert_eq!(typical(&[], 0.1), None);
        assert_eq!(typical(&[3.0], 0.1), Some((3.0, 0.1)));
        let (middle, error) = typical(&[110.0, 90.0], 0.1).unwrap();
        assert!((middle - 100.0).abs() < 1e-12 && (error - 0.1).abs() < 1e-12);
        // One spell of other load among three moves it little.
        assert_eq!(typical(&[100.0, 60.0, 101.0], 0.1).unwrap().0, 100.0);
    }
}
