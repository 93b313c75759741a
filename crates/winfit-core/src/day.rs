//! Calendar days, as the catalog and `--as-of` write them.

use thiserror::Error;
use time::{Date, Month};

use crate::version::quote_for_error;

/// A text that is not a day.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a day; write it as 2026-11-22")]
pub struct DayError {
    /// The text as given, shortened.
    pub text: String,
}

/// Reads `2026-11-22`.
pub fn parse_day(text: &str) -> Result<Date, DayError> {
    let error = || DayError {
        text: quote_for_error(text),
    };
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return Err(error());
    }
    let part = |range: std::ops::Range<usize>| text[range].parse::<u16>().map_err(|_| error());
    let month = Month::try_from(part(5..7)? as u8).map_err(|_| error())?;
    Date::from_calendar_date(i32::from(part(0..4)?), month, part(8..10)? as u8).map_err(|_| error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_year_month_day() {
        assert_eq!(parse_day("2026-11-22").unwrap().to_string(), "2026-11-22");
        for text in [
            "",
            "2026-13-01",
            "2026-02-30",
            "22.11.2026",
            "2026-1-2",
            "２026-1-2",
        ] {
            assert!(parse_day(text).is_err(), "{text}");
        }
    }
}
