//! The filter of a listing: what a name must contain to be listed.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, percent_encode};
use std::borrow::Cow;

/// Bytes of a filter at most; the rest is cut off. No file has a longer name.
pub(super) const FILTER_BYTES_MAX: usize = 255;

/// What every listed name contains, letters of either case. Empty, it admits all names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    text: String,
    in_lower_case: String,
}

impl Filter {
    /// The filter that a query such as `filter=holiday+2024` asks for, encoded as browsers encode
    /// forms. The last of several wins.
    pub(super) fn from_query(query: Option<&[u8]>) -> Filter {
        let parameters = query.unwrap_or_default().split(|&byte| byte == b'&');
        let mut values = parameters.filter_map(|parameter| parameter.strip_prefix(b"filter="));
        values.next_back().map(Filter::decode).unwrap_or_default()
    }

    fn decode(value: &[u8]) -> Filter {
        let spaced: Vec<u8> =
            value.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
        let decoded: Vec<u8> = percent_decode(&spaced).collect();
        let whole = String::from_utf8_lossy(&decoded);
        let text: String = whole
            .char_indices()
            .take_while(|(start, character)| start + character.len_utf8() <= FILTER_BYTES_MAX)
            .map(|(_, character)| character)
            .collect();
        Filter { in_lower_case: text.to_lowercase(), text }
    }

    /// The text as it was asked for.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether a name may be listed.
    pub(super) fn admits(&self, name: &[u8]) -> bool {
        let name = || String::from_utf8_lossy(name);
        self.is_empty() || name().to_lowercase().contains(&self.in_lower_case)
    }

    /// The query that asks for this filter, to follow another one: `&filter=holiday%202024`.
    /// Nothing where all names are listed.
    pub(super) fn further_query(&self) -> Cow<'static, str> {
        match self.is_empty() {
            true => "".into(),
            false => {
                format!("&filter={}", percent_encode(self.text.as_bytes(), NON_ALPHANUMERIC)).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Filter {
        Filter::from_query(Some(query.as_bytes()))
    }

    #[test]
    fn text_is_decoded_as_browsers_encode_forms() {
        let rows = [
            ("", ""),
            ("filter=", ""),
            ("filter", ""),
            ("xfilter=a", ""),
            ("sort=size&filter=a+b%2Bc&order=desc", "a b+c"),
            ("filter=a&filter=b", "b"),
            ("filter=%C3%A4%", "ä%"),
            ("filter=%zz%4", "%zz%4"),
            ("filter=%FF", "\u{FFFD}"),
        ];
        for (query, expected) in rows {
            assert_eq!(filter(query).text(), expected, "{query}");
        }
        assert_eq!(Filter::from_query(None), Filter::default());
    }

    #[test]
    fn long_text_is_cut_between_two_characters() {
        assert_eq!(filter(&format!("filter={}", "a".repeat(9000))).text().len(), FILTER_BYTES_MAX);
        assert_eq!(filter(&format!("filter={}", "ä".repeat(9000))).text(), "ä".repeat(127));
    }

    #[test]
    fn names_that_contain_the_text_are_admitted() {
        let rows: [(&str, &[u8], bool); 9] = [
            ("", b"anything", true),
            ("filter=port", b"Report.PDF", true),
            ("filter=PDF", b"Report.pdf", true),
            ("filter=rpt", b"Report.pdf", false),
            ("filter=%C3%84r", "BÄR".as_bytes(), true),
            ("filter=.*", b"a.b", false),
            ("filter=a", b"", false),
            ("filter=%EF%BF%BD", b"\xFF", true),
            ("filter=%20", b"a b", true),
        ];
        for (query, name, expected) in rows {
            assert_eq!(filter(query).admits(name), expected, "{query} {}", name.escape_ascii());
        }
    }

    #[test]
    fn every_filter_is_read_back_from_its_own_query() {
        for text in ["a&b=c", "100%25 +#?", "ä\u{308}\"'<>\\", "a"] {
            let query = format!("filter={}", percent_encode(text.as_bytes(), NON_ALPHANUMERIC));
            let filter = filter(&query);
            assert_eq!(filter.text(), text);
            assert_eq!(filter.further_query(), format!("&{query}"));
        }
        assert_eq!(Filter::default().further_query(), "");
    }
}
