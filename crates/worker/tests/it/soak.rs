//! How much of a measure runs: a short form in `make test`, the full count in `make soak` (docs/MEASURES.md).
//!
//! Invariant: the same seed gives the same sequence, and a test that fails names its seed.

/// As many as `variable` says; else the full count with `SOAK=1`, the short one without.
pub fn count(variable: &str, short: usize, full: usize) -> usize {
    let said = std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")));
    said.unwrap_or(if std::env::var("SOAK").is_ok_and(|soak| soak == "1") { full } else { short })
}

/// `SOAK_SEED`, else always the same.
pub fn seed() -> u64 {
    std::env::var("SOAK_SEED").map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("SOAK_SEED={text}")))
}

/// Chance that can be repeated: SplitMix64. Tells its seed when a test ends in a panic.
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// Begins with `SOAK_SEED`, else always alike.
    pub fn seeded() -> Self {
        Self::of(seed())
    }

    pub const fn of(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("again with SOAK_SEED={}", self.seed);
        }
    }
}
