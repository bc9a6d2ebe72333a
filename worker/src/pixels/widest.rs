//! Loops compiled twice: for every processor, and for those with wider vectors.

/// Does `work` with the widest vector instructions that this processor has and that pay: AVX2 on x86-64.
///
/// Only what is inlined into `work` is compiled for them. The results are the same to the last bit: the compiler neither
/// joins a product and a sum nor changes the order of sums.
#[cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "one call, behind the question whether it may be made"
    )
)]
#[inline]
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { with_avx2(work) };
        }
    }
    work()
}
