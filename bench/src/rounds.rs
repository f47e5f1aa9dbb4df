//! What the rounds of a workload say of a figure, or of a ratio of two.

use crate::results::{Row, Turn};

/// Figures whose names begin so are the most that was seen: of several rounds they are the most, too.
const MOST: &str = "most_";

/// A figure in each round, or the ratio of two that were measured in the same round.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rounds {
    /// Those of calm rounds, where there are any; never none.
    each: Vec<f64>,
    typical: f64,
    calm: bool,
}

impl Rounds {
    /// A figure of one contender.
    pub(crate) fn of(row: &Row, figure: &str) -> Option<Self> {
        let together = if figure.starts_with(MOST) {
            greatest
        } else {
            median
        };
        let of = |turn: &Turn| Some((turn.is_calm(), *turn.measured.figures.get(figure)?));
        Self::gathered(row.turns.iter().filter_map(of).collect(), together)
    }

    /// The ratio of a figure of one to a figure of another, round by round.
    pub(crate) fn ratio((of, figure): (&Row, &str), (to, to_figure): (&Row, &str)) -> Option<Self> {
        let ratio = |(of, to): (&Turn, &Turn)| {
            let of_figure = of.measured.figures.get(figure)?;
            let to_figure = to.measured.figures.get(to_figure)?;
            Some((of.is_calm() && to.is_calm(), of_figure / to_figure))
        };
        let rounds = of.turns.iter().zip(&to.turns);
        Self::gathered(rounds.filter_map(ratio).collect(), median)
    }

    fn gathered(all: Vec<(bool, f64)>, together: fn(Vec<f64>) -> Option<f64>) -> Option<Self> {
        let calm = all.iter().any(|(calm, _)| *calm);
        let counting = all.into_iter().filter(|(is_calm, _)| *is_calm || !calm);
        let each: Vec<f64> = counting.map(|(_, figure)| figure).collect();
        Some(Self {
            typical: together(each.clone())?,
            each,
            calm,
        })
    }

    pub(crate) fn each(&self) -> &[f64] {
        &self.each
    }

    /// What stands for all of them: the median, or the most of what is a most.
    pub(crate) fn typical(&self) -> f64 {
        self.typical
    }

    pub(crate) fn least(&self) -> f64 {
        self.each.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn most(&self) -> f64 {
        self.each.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether there was a round that nothing disturbed.
    pub(crate) fn is_calm(&self) -> bool {
        self.calm
    }
}

/// The middle, or what is between the two in the middle.
pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().checked_sub(1)?;
    Some(f64::midpoint(figures[last / 2], figures[last.div_ceil(2)]))
}

fn greatest(figures: Vec<f64>) -> Option<f64> {
    figures.into_iter().reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::turn;

    /// Of rounds with such figures, and whether each was disturbed.
    fn row(figure: &str, rounds: &[(f64, bool)]) -> Row {
        let turns = rounds.iter();
        Row {
            ask: "depth 1".to_owned(),
            contender: "longwire".to_owned(),
            turns: turns
                .map(|(value, disturbed)| turn(figure, *value, *disturbed))
                .collect(),
            failure: None,
        }
    }

    const CALM: bool = false;
    const DISTURBED: bool = true;

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0]), Some(5.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
    }

    #[test]
    fn a_figure_is_the_median_of_calm_rounds_and_a_most_the_most() {
        let calm = [(3.0, CALM), (9.0, CALM), (4.0, CALM)];
        let one = [(3.0, CALM), (9.0, DISTURBED)];
        let none = [(3.0, DISTURBED), (9.0, DISTURBED)];
        let rows: [(&str, &[(f64, bool)], _); 6] = [
            ("p99_us", &calm, Some((4.0, 3.0, 9.0, true))),
            ("most_us", &calm, Some((9.0, 3.0, 9.0, true))),
            ("p99_us", &one, Some((3.0, 3.0, 3.0, true))),
            ("p99_us", &none, Some((6.0, 3.0, 9.0, false))),
            ("most_us", &none, Some((9.0, 3.0, 9.0, false))),
            ("p99_us", &[], None),
        ];
        for (figure, rounds, expected) in rows {
            let found = Rounds::of(&row(figure, rounds), figure);
            let found = found.map(|it| (it.typical(), it.least(), it.most(), it.is_calm()));
            assert_eq!(found, expected, "{figure} {rounds:?}");
        }
        assert_eq!(Rounds::of(&row("p99_us", &calm), "p50_us"), None);
    }

    /// A machine that was slow in one round was so for both: their medians would be of different rounds.
    #[test]
    fn a_ratio_is_the_median_of_the_rounds_ratios() {
        type OfRounds<'a> = &'a [(f64, bool)];
        type Row<'a> = (OfRounds<'a>, OfRounds<'a>, Option<(&'a [f64], f64)>);
        let rows: [Row<'_>; 4] = [
            (
                &[(10.0, CALM), (60.0, CALM), (12.0, CALM)],
                &[(10.0, CALM), (120.0, CALM), (20.0, CALM)],
                Some((&[1.0, 0.5, 0.6], 0.6)),
            ),
            (
                &[(10.0, CALM), (60.0, DISTURBED)],
                &[(10.0, CALM), (120.0, CALM)],
                Some((&[1.0], 1.0)),
            ),
            (
                &[(10.0, CALM), (60.0, DISTURBED)],
                &[(10.0, DISTURBED), (120.0, CALM), (5.0, CALM)],
                Some((&[1.0, 0.5], 0.75)),
            ),
            (&[(10.0, CALM)], &[], None),
        ];
        for (of, to, expected) in rows {
            let name = "per_second";
            let (of, to) = (row(name, of), row(name, to));
            let found = Rounds::ratio((&of, name), (&to, name));
            let found = found.as_ref().map(|it| (it.each(), it.typical()));
            assert_eq!(found, expected);
        }
    }
}
