//! Sets of numbers from zero on, as bits.

/// Which of so many are marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks(Vec<u64>);

impl Marks {
    /// None of so many.
    pub(super) fn none(of: usize) -> Self {
        Self(vec![0; of.div_ceil(64)])
    }

    /// Those of so many for which this is so.
    pub(super) fn of(of: usize, is_so: impl Fn(usize) -> bool) -> Self {
        let mut marks = Self::none(of);
        for at in (0..of).filter(|at| is_so(*at)) {
            marks.0[at / 64] |= 1 << (at % 64);
        }
        marks
    }

    pub(super) fn has(&self, at: usize) -> bool {
        self.0
            .get(at / 64)
            .is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Those that are marked in both.
    pub(super) fn and(&self, other: &Self) -> Self {
        self.with(other, |one, other| one & other)
    }

    /// Those that are marked here, and not there.
    pub(super) fn without(&self, other: &Self) -> Self {
        self.with(other, |one, other| one & !other)
    }

    /// How many are marked in both.
    pub(super) fn common(&self, other: &Self) -> usize {
        let words = self.0.iter().zip(&other.0);
        words
            .map(|(one, other)| (one & other).count_ones() as usize)
            .sum()
    }

    /// Whether all of these are marked there.
    pub(super) fn are_in(&self, other: &Self) -> bool {
        let mut words = self.0.iter().zip(&other.0);
        words.all(|(one, other)| one & !other == 0)
    }

    /// The marked ones, from the first on.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.0.len() * 64).filter(|at| self.has(*at))
    }

    fn with(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let words = self.0.iter().zip(&other.0);
        Self(words.map(|(one, other)| join(*one, *other)).collect())
    }
}
