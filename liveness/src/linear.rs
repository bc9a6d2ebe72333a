//! Solver for small systems of linear equations, for least squares.

/// Lower triangle L with L Lᵀ = m (Cholesky). `None` if m is not positive definite.
pub fn cholesky<const N: usize>(m: [[f32; N]; N]) -> Option<[[f32; N]; N]> {
    let mut l = [[0.0_f32; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f32 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let rest = m[i][j] - sum;
            if i == j {
                // Rounding leaves a small value where the exact one is 0.
                if rest.is_nan() || rest <= 1e-6 * m[i][i] {
                    return None;
                }
                l[i][i] = rest.sqrt();
            } else {
                l[i][j] = rest / l[j][j];
            }
        }
    }
    Some(l)
}

/// Solves L Lᵀ x = b.
pub fn solve<const N: usize>(l: &[[f32; N]; N], b: [f32; N]) -> [f32; N] {
    let mut x = b;
    for i in 0..N {
        let sum: f32 = (0..i).map(|k| l[i][k] * x[k]).sum();
        x[i] = (x[i] - sum) / l[i][i];
    }
    for i in (0..N).rev() {
        let sum: f32 = (i + 1..N).map(|k| l[k][i] * x[k]).sum();
        x[i] = (x[i] - sum) / l[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved_and_one_without_an_answer_is_none() {
        let m = [[4.0, 2.0, 0.6], [2.0, 5.0, 1.0], [0.6, 1.0, 3.0]];
        let x = solve(&cholesky(m).unwrap(), [6.6, 8.0, 4.6]);
        assert!(x.iter().all(|v| (v - 1.0).abs() < 1e-5), "{x:?}");
        assert_eq!(cholesky([[1.0, 1.0], [1.0, 1.0]]), None);
    }
}
