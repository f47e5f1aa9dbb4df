//! When to try again what failed.

/// Looks to let pass, at most.
const MOST_LOOKS: u32 = 32;

/// Looks to let pass until the next try: 1, then 2, 4, …
pub(super) struct Patience {
    left: u32,
    next: u32,
}

impl Patience {
    pub(super) const fn new() -> Self {
        Self { left: 0, next: 1 }
    }

    /// It failed once more.
    pub(super) fn fail(&mut self) {
        self.left = self.next;
        self.next = (self.next * 2).min(MOST_LOOKS);
    }

    /// Lets a look pass. Whether it is the one to try again.
    pub(super) fn ends(&mut self) -> bool {
        let ends = self.left == 1;
        self.left = self.left.saturating_sub(1);
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_has_a_bound() {
        let mut patience = Patience::new();
        assert!((0..100).all(|_| !patience.ends()), "nothing has failed");
        for expected in [1, 2, 4, 8, 16, 32, 32, 32] {
            patience.fail();
            let looks = (1..).find(|_| patience.ends());
            assert_eq!(looks, Some(expected));
        }
    }
}
