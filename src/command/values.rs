//! Values of options, as users write them.
//!
//! The errors are for the end of a sentence that names option and value.

/// A number from 1 on.
pub(super) fn parse_count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|&count| count > 0);
    count.ok_or_else(|| "a number from 1 on is needed".to_owned())
}

/// A port, or 0 for any that is free.
pub(super) fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "a number from 0 to 65535 is needed".to_owned())
}

/// A time in whole seconds.
pub(super) fn parse_seconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a number of seconds is needed".to_owned())
}

/// A number of bytes with an optional K, M or G for powers of 1024.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits
        .parse()
        .map_err(|_| format!("{text:?} is no number of bytes, such as 512K or 64M"))?;
    let unit = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => 1 << 20,
        "G" | "GB" | "GIB" => 1 << 30,
        _ => {
            return Err(format!("{text:?} has an unknown unit: K, M and G are known"));
        }
    };
    number.checked_mul(unit).ok_or_else(|| format!("{text:?} is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        for (text, expected) in
            [("0", 0), ("1000", 1000), ("2k", 2048), ("64M", 64 << 20), ("1GiB", 1 << 30)]
        {
            assert_eq!(parse_bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "M", "-1", "1T", "1.5M", "99999999999G"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_told_in_words() {
        assert_eq!((parse_port("0"), parse_port("65535")), (Ok(0), Ok(65535)));
        assert_eq!((parse_seconds("0"), parse_count("1")), (Ok(0), Ok(1)));
        for text in ["", "x", "-1", "1.5", "99999999999999999999999"] {
            let errors = [
                parse_port(text).expect_err(text),
                parse_seconds(text).expect_err(text),
                parse_count(text).expect_err(text),
            ];
            assert!(errors.iter().all(|error| error.ends_with(" is needed")), "{errors:?}");
        }
    }
}
