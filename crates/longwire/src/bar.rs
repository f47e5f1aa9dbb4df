//! Bars, and spans of time in words.

use longwire_client::{JobView, Progress, Seconds};

/// How full something is, in so many cells.
pub(crate) fn bar(fraction: f64, cells: usize) -> String {
    let full = share(fraction, cells);
    let empty = cells.saturating_sub(full);
    format!("{}{}", "█".repeat(full), "░".repeat(empty))
}

/// Rounded; but only what is done is full, and only what has not begun is empty.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few cells, from 0 to all of them"
)]
fn share(fraction: f64, cells: usize) -> usize {
    if fraction >= 1.0 {
        return cells;
    }
    if fraction.is_nan() || fraction <= 0.0 {
        return 0;
    }
    let rounded = (fraction * cells as f64).round() as usize;
    rounded.clamp(1, cells.saturating_sub(1).max(1)).min(cells)
}

/// How much of its time a job has left.
pub(crate) fn left_share(left: Seconds, time: Seconds) -> f64 {
    if time == Seconds::ZERO {
        return 0.0;
    }
    left.as_f64() / time.as_f64()
}

/// How much of its work a job has done, where it says of how much.
pub(crate) fn done_share(progress: &Progress) -> Option<f64> {
    let total = progress.total.filter(|total| *total > 0.0)?;
    Some(progress.done.unwrap_or(0.0) / total)
}

/// A span, as short as it can be told: `17.2 s`, `3600 s`.
pub(crate) fn span(span: Seconds) -> String {
    let secs = span.as_f64();
    if secs >= 100.0 || secs.fract() == 0.0 {
        format!("{secs:.0} s")
    } else {
        format!("{secs:.1} s")
    }
}

/// What a job says of its progress, in words: `3/10 page 3`.
pub(crate) fn progress(progress: &Progress) -> String {
    let count = match (progress.done, progress.total) {
        (Some(done), Some(total)) => format!("{done}/{total}"),
        (Some(done), None) => done.to_string(),
        (None, _) => String::new(),
    };
    let note = progress.note.as_deref().map(crate::print::plain);
    [count, note.unwrap_or_default()]
        .join(" ")
        .trim()
        .to_owned()
}

/// The time a job has left, with its bar.
pub(crate) fn left(job: &JobView, cells: usize) -> String {
    match job.left {
        Some(left) if !job.status.has_ended() => {
            let bar = bar(left_share(left, job.time), cells);
            format!("{bar} {}", span(left))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_full_only_when_done_and_empty_only_before_the_start() {
        for (fraction, cells, expected) in [
            (0.0, 4, "░░░░"),
            (0.01, 4, "█░░░"),
            (0.5, 4, "██░░"),
            (0.99, 4, "███░"),
            (1.0, 4, "████"),
            (7.0, 4, "████"),
            (-1.0, 4, "░░░░"),
            (f64::NAN, 4, "░░░░"),
            (0.5, 1, "█"),
            (0.5, 0, ""),
        ] {
            assert_eq!(bar(fraction, cells), expected, "{fraction} {cells}");
        }
    }

    #[test]
    fn spans_are_short() {
        for (secs, expected) in [
            (0.0, "0 s"),
            (0.04, "0.0 s"),
            (17.25, "17.2 s"),
            (30.0, "30 s"),
            (3600.4, "3600 s"),
        ] {
            assert_eq!(span(Seconds::from_f64(secs).unwrap()), expected);
        }
    }

    #[test]
    fn progress_is_told_as_far_as_it_is_known() {
        for (done, total, note, words, share) in [
            (
                Some(3.0),
                Some(10.0),
                Some("page 3"),
                "3/10 page 3",
                Some(0.3),
            ),
            (Some(3.5), None, None, "3.5", None),
            (None, None, Some("a\nb"), "a b", None),
            (None, Some(0.0), None, "", None),
            (None, Some(2.0), None, "", Some(0.0)),
        ] {
            let note = note.map(Into::into);
            let told = Progress { done, total, note };
            assert_eq!(progress(&told), words);
            assert_eq!(done_share(&told), share);
        }
    }
}
