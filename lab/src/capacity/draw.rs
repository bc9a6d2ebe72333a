//! Random times, from a seed.

use fastrand::Rng;

/// A number of the exponential distribution with this mean.
pub fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    -mean * (1.0 - rng.f64()).ln()
}

/// A number of the gamma distribution with this mean and this coefficient of variation (standard deviation divided by
/// the mean, 0 or more): 0 gives the mean itself, 1 the exponential distribution.
///
/// G. Marsaglia, W. Tsang, "A Simple Method for Generating Gamma Variables", ACM Transactions on Mathematical Software
/// 26 (2000).
pub fn gamma(rng: &mut Rng, mean: f64, variation: f64) -> f64 {
    if mean <= 0.0 || variation <= 0.0 {
        return mean.max(0.0);
    }
    let shape = 1.0 / (variation * variation);
    // The method needs a shape of 1 or more; below that a number of the next shape is scaled.
    let (raised, scale) = if shape < 1.0 {
        (shape + 1.0, (1.0 - rng.f64()).powf(1.0 / shape))
    } else {
        (shape, 1.0)
    };
    let d = raised - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v <= 0.0 {
            continue;
        }
        let u = 1.0 - rng.f64();
        if u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return mean / shape * d * v * scale;
        }
    }
}

/// A number of the standard normal distribution (G. Box, M. Muller, 1958).
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_drawn_times_have_their_mean_and_their_spread() {
        let mut rng = Rng::with_seed(1);
        for variation in [0.05, 0.5, 1.0, 1.5] {
            let drawn: Vec<f64> = (0..200_000)
                .map(|_| gamma(&mut rng, 3.0, variation))
                .collect();
            let mean = drawn.iter().sum::<f64>() / 200_000.0;
            let square = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 200_000.0;
            assert!((mean / 3.0 - 1.0).abs() < 0.02, "{variation}: {mean}");
            let spread = square.sqrt() / mean;
            assert!(
                (spread / variation - 1.0).abs() < 0.03,
                "{variation}: {spread}"
            );
        }
        assert!((gamma(&mut rng, 3.0, 0.0) - 3.0).abs() < 1e-12);
    }
}
