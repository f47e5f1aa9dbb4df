//! Numbers as people read them: three digits are all that such a measurement can tell.

/// A figure alone.
pub(crate) fn short(figure: f64) -> String {
    let decimals = match figure.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.0 => 0,
        _ => 3,
    };
    grouped(&format!("{:.decimals$}", rounded(figure)))
}

/// Three digits of it, where it has more in front of its point.
fn rounded(figure: f64) -> f64 {
    if figure.abs() < 1000.0 {
        return figure;
    }
    let step = 10_f64.powf(figure.abs().log10().floor() - 2.0);
    (figure / step).round() * step
}

/// Commas between thousands.
pub(crate) fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let (sign, whole) = whole
        .strip_prefix('-')
        .map_or(("", whole), |whole| ("-", whole));
    let mut text = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// What a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Just a number, such as a count a second.
    Plain,
    Micros,
    Bytes,
    /// Bytes, said in KiB.
    Kib,
    BytesPerSecond,
    Percent,
    Times,
}

impl Unit {
    /// A figure with its unit.
    pub(crate) fn say(self, figure: f64) -> String {
        match self {
            Self::Plain => short(figure),
            Self::Times => format!("{}×", short(figure)),
            Self::Percent => format!("{} %", short(figure)),
            Self::Micros if figure >= 1e6 => format!("{} s", short(figure / 1e6)),
            Self::Micros if figure >= 1e3 => format!("{} ms", short(figure / 1e3)),
            Self::Micros => format!("{} µs", short(figure)),
            Self::Bytes => bytes(figure),
            Self::Kib => format!("{} KiB", short(figure / 1024.0)),
            Self::BytesPerSecond => format!("{}/s", bytes(figure)),
        }
    }
}

fn bytes(figure: f64) -> String {
    if figure >= 1e6 {
        format!("{} MB", short(figure / 1e6))
    } else {
        format!("{} B", short(figure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_said() {
        let rows = [
            (0.0, "0"),
            (0.1234, "0.123"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1234.5, "1,230"),
            (1_234_567.0, "1,230,000"),
            (-98_765.0, "-98,800"),
        ];
        for (figure, said) in rows {
            assert_eq!(short(figure), said);
        }
    }

    #[test]
    fn units_grow_with_the_figure() {
        let rows = [
            (Unit::Micros, 55.0, "55.0 µs"),
            (Unit::Micros, 5_500.0, "5.50 ms"),
            (Unit::Micros, 5_500_000.0, "5.50 s"),
            (Unit::Bytes, 6_144.0, "6,140 B"),
            (Unit::Kib, 6_144.0, "6.00 KiB"),
            (Unit::Bytes, 28_242_168.0, "28.2 MB"),
            (Unit::BytesPerSecond, 3e8, "300 MB/s"),
            (Unit::Times, 1.5, "1.50×"),
            (Unit::Percent, 0.2, "0.200 %"),
        ];
        for (unit, figure, said) in rows {
            assert_eq!(unit.say(figure), said);
        }
    }
}
