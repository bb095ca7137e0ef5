//! Proactive negotiation (RFC 9110 §12): which content codings a client accepts, and how much it
//! wants a media type.
//!
//! A malformed member of a list is ignored, the others count. Left out: Accept-Charset,
//! Accept-Language, and media types of this server that have parameters.

use super::field::Fields;
use super::grammar::value_and_parameters;
use std::cmp::Reverse;

/// A content coding in which a file can be stored beside the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCoding {
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
    /// `gzip` (RFC 9110 §8.4.1.3).
    Gzip,
}

impl ContentCoding {
    /// All of them, the server's favourite first.
    pub const ALL: [ContentCoding; 3] =
        [ContentCoding::Brotli, ContentCoding::Zstd, ContentCoding::Gzip];

    /// The coding's registered name: `br`, `zstd`, `gzip`.
    pub fn name(self) -> &'static str {
        match self {
            ContentCoding::Brotli => "br",
            ContentCoding::Zstd => "zstd",
            ContentCoding::Gzip => "gzip",
        }
    }

    /// The end of a variant's file name: `.br`, `.zst`, `.gz`.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            ContentCoding::Brotli => ".br",
            ContentCoding::Zstd => ".zst",
            ContentCoding::Gzip => ".gz",
        }
    }

    /// Whether the coding is called `name`, in any case. `gzip` is also called `x-gzip` (RFC 9110
    /// §8.4.1.3).
    fn is_named(self, name: &[u8]) -> bool {
        name.eq_ignore_ascii_case(self.name().as_bytes())
            || (self == ContentCoding::Gzip && name.eq_ignore_ascii_case(b"x-gzip"))
    }
}

/// The codings to use rather than none, by the request's Accept-Encoding: highest weight first,
/// then in the server's order. Without the field there are none.
///
/// A coding has the weight of its own member, else that of `*`. A coding of weight 0 is left out,
/// and one that weighs less than `identity` (RFC 9110 §12.5.3). At equal weight the coding is used,
/// as it is shorter.
pub fn accepted_codings(fields: &Fields) -> impl Iterator<Item = ContentCoding> {
    let weights = CodingWeights::read(fields);
    let identity = weights.identity.or(weights.any).unwrap_or(0);
    let mut codings = [0, 1, 2].map(|position| {
        let weight = weights.codings[position].or(weights.any).unwrap_or(0);
        (ContentCoding::ALL[position], weight)
    });
    // The sort is stable, so the server's order holds among equals.
    codings.sort_by_key(|&(_, weight)| Reverse(weight));
    codings
        .into_iter()
        .filter(move |&(_, weight)| weight > 0 && weight >= identity)
        .map(|(coding, _)| coding)
}

/// The weight of each coding in Accept-Encoding, in thousandths. Of two members for one coding the
/// later counts.
#[derive(Default)]
struct CodingWeights {
    /// In the order of [`ContentCoding::ALL`].
    codings: [Option<u16>; 3],
    identity: Option<u16>,
    /// Of `*`: for every coding without a member of its own, `identity` too.
    any: Option<u16>,
}

impl CodingWeights {
    fn read(fields: &Fields) -> CodingWeights {
        let mut weights = CodingWeights::default();
        for member in fields.list("Accept-Encoding") {
            if let Some((name, weight)) = parse_coding(member)
                && let Some(slot) = weights.slot(name)
            {
                *slot = Some(weight);
            }
        }
        weights
    }

    /// Where the weight of the coding called `name` belongs; `None` for an unknown one.
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<u16>> {
        if name == b"*" {
            return Some(&mut self.any);
        }
        if name.eq_ignore_ascii_case(b"identity") {
            return Some(&mut self.identity);
        }
        let mut known = ContentCoding::ALL.into_iter();
        let position = known.position(|coding| coding.is_named(name))?;
        Some(&mut self.codings[position])
    }
}

/// The name and the weight of one member of Accept-Encoding; `None` where it has a parameter other
/// than `q` (RFC 9110 §12.5.3).
fn parse_coding(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next()?;
    let weight = match parts.next() {
        None => 1000,
        Some(parameter) => parse_qvalue(weight_value(parameter)?)?,
    };
    parts.next().is_none().then_some((name, weight))
}

/// The weight in thousandths that the request's Accept gives to `media_type`, such as `text/html`
/// (RFC 9110 §12.5.1): 1000 without the field, 0 where no media range matches, else the weight of
/// the most specific one that does.
pub fn media_type_weight(fields: &Fields, media_type: &str) -> u16 {
    if fields.get("Accept").is_none() {
        return 1000;
    }
    fields
        .list("Accept")
        .filter_map(|member| MediaRange::parse(member, media_type))
        .max()
        .map_or(0, |media_range| media_range.weight)
}

/// A media range that matches the media type asked about. The greatest one counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct MediaRange {
    specificity: Specificity,
    weight: u16,
}

/// How closely a media range names a media type, the loosest first (RFC 9110 §12.5.1).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    /// `*/*`
    Any,
    /// `text/*`
    Type,
    /// `text/html;level=1`: it asks for more than the bare type, so it counts only where no other
    /// range names the type.
    WithParameters,
    /// `text/html`
    Exact,
}

impl MediaRange {
    /// One member of Accept; `None` where it is malformed or does not match `media_type`.
    fn parse(member: &[u8], media_type: &str) -> Option<MediaRange> {
        let mut parts = value_and_parameters(member);
        let mut specificity = Specificity::of(parts.next()?, media_type.as_bytes())?;
        // The parameters of the media type end at `q`; extensions behind it are obsolete (RFC 9110
        // §12.5.1) and ignored.
        for parameter in parts {
            if let Some(value) = weight_value(parameter) {
                let weight = parse_qvalue(value)?;
                return Some(MediaRange { specificity, weight });
            }
            specificity = specificity.min(Specificity::WithParameters);
        }
        Some(MediaRange { specificity, weight: 1000 })
    }
}

impl Specificity {
    /// How closely `range`, without its parameters, names `media_type`; `None` where it does not.
    fn of(range: &[u8], media_type: &[u8]) -> Option<Specificity> {
        if range == b"*/*" {
            return Some(Specificity::Any);
        }
        if range.eq_ignore_ascii_case(media_type) {
            return Some(Specificity::Exact);
        }
        let type_and_slash = range.strip_suffix(b"*")?;
        let slash = media_type.iter().position(|&byte| byte == b'/')?;
        type_and_slash.eq_ignore_ascii_case(&media_type[..=slash]).then_some(Specificity::Type)
    }
}

/// The value of a `q` parameter; `None` where the parameter is another one.
fn weight_value(parameter: &[u8]) -> Option<&[u8]> {
    match parameter {
        [b'q' | b'Q', b'=', value @ ..] => Some(value),
        _ => None,
    }
}

/// A qvalue in thousandths: from 0 to 1 with up to three decimals (RFC 9110 §12.4.2).
fn parse_qvalue(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [whole] => (whole, &[][..]),
        [whole, b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    if !whole.is_ascii_digit() || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = [whole].into_iter().chain(decimals).chain(b"000").take(4);
    let thousandths = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    (thousandths <= 1000).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::ContentCoding::{Brotli, Gzip, Zstd};
    use super::*;

    fn codings(lines: &str) -> Vec<ContentCoding> {
        let fields = Fields::parse(lines.as_bytes()).expect("good field lines");
        accepted_codings(&fields).collect()
    }

    fn weight(accept: &str, media_type: &str) -> u16 {
        let lines = format!("Accept: {accept}\r\n");
        let fields = Fields::parse(lines.as_bytes()).expect("good field lines");
        media_type_weight(&fields, media_type)
    }

    // RFC 9110 §12.4.2.
    #[test]
    fn a_qvalue_has_up_to_three_decimals_and_is_at_most_1() {
        for value in [
            "", ".", ".5", "-0", "+1", "2", "9", "1.1", "1.001", "0.1234", "0.00000", "0,5", "00",
            "01", "10", "0.a", "0.5 ", " 1", "1e0", "\"1\"", "1..", "x",
        ] {
            assert_eq!(parse_qvalue(value.as_bytes()), None, "{value:?}");
        }
        for (value, expected) in [
            ("0", 0),
            ("0.", 0),
            ("0.000", 0),
            ("0.001", 1),
            ("0.5", 500),
            ("0.25", 250),
            ("0.999", 999),
            ("1", 1000),
            ("1.", 1000),
            ("1.000", 1000),
        ] {
            assert_eq!(parse_qvalue(value.as_bytes()), Some(expected), "{value:?}");
        }
    }

    // RFC 9110 §12.5.3.
    #[test]
    fn codings_that_are_not_accepted_are_left_out() {
        for value in [
            "",
            ",",
            "identity",
            "deflate",
            "compress",
            "brotli",
            "gzipped",
            "*;q=0",
            "gzip;q=0",
            "gzip;q=0.000",
            "br;q=0, zstd;q=0, gzip;q=0, *",
            "identity, *;q=0",
            "identity;q=0",
            "gzip;q=0.5, identity",
            "gzip;q=0.5, identity;q=0.501",
            "gzip;q=2",
            "gzip;q=-1",
            "gzip;q=",
            "gzip;q",
            "gzip;q =1",
            "gzip;q=1;x=y",
            "gzip;level=9",
            "gzip;",
            "gz ip",
            "\"gzip\"",
            ";q=1",
        ] {
            let lines = format!("Accept-Encoding: {value}\r\n");
            assert_eq!(codings(&lines), [], "{value:?}");
        }
    }

    #[test]
    fn without_accept_encoding_no_coding_is_preferred() {
        assert_eq!(accepted_codings(&Fields::empty()).count(), 0);
        assert_eq!(codings("Accept: gzip\r\n"), []);
    }

    // RFC 9110 §12.5.3.
    #[test]
    fn codings_are_ordered_by_weight_then_by_the_server() {
        let rows: [(&str, &[ContentCoding]); 22] = [
            ("gzip", &[Gzip]),
            ("GZip", &[Gzip]),
            ("x-gzip", &[Gzip]),
            ("gzip, x-gzip;q=0", &[]),
            ("br", &[Brotli]),
            ("zstd", &[Zstd]),
            ("gzip, deflate, br, zstd", &[Brotli, Zstd, Gzip]),
            ("gzip, deflate", &[Gzip]),
            ("gzip;q=1.0, br;q=0.9, zstd;q=0.95", &[Gzip, Zstd, Brotli]),
            ("gzip;q=0.001", &[Gzip]),
            ("br;Q=0.2 , gzip ; q=0.4", &[Gzip, Brotli]),
            ("compress;q=0.5, gzip;q=1.0", &[Gzip]),
            ("*", &[Brotli, Zstd, Gzip]),
            ("*;q=0.5, gzip", &[Gzip, Brotli, Zstd]),
            ("*;q=0.5, gzip;q=0.2", &[Brotli, Zstd]),
            ("*, br;q=0", &[Zstd, Gzip]),
            ("gzip;q=1.0, identity; q=0.5, *;q=0", &[Gzip]),
            ("identity;q=0, *", &[Brotli, Zstd, Gzip]),
            ("identity, gzip", &[Gzip]),
            ("identity;q=0.5, gzip;q=0.5, br;q=0.4", &[Gzip]),
            ("br;q=9, gzip", &[Gzip]),
            ("gzip;q=0.2, identity;q=0.1, *;q=0.5", &[Brotli, Zstd, Gzip]),
        ];
        for (value, expected) in rows {
            let lines = format!("Accept-Encoding: {value}\r\n");
            assert_eq!(codings(&lines), expected, "{value:?}");
        }
        let lines = "Accept-Encoding: gzip;q=0.5\r\nAccept-Encoding: br\r\n";
        assert_eq!(codings(lines), [Brotli, Gzip]);
    }

    #[test]
    fn each_coding_has_its_registered_name_and_a_suffix() {
        let names = ContentCoding::ALL.map(|coding| (coding.name(), coding.suffix()));
        assert_eq!(names, [("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz")]);
    }

    // RFC 9110 §12.5.1.
    #[test]
    fn a_media_type_that_no_range_has_weighs_nothing() {
        for accept in [
            "",
            ",",
            "image/png",
            "text/htm",
            "text/html5",
            "text/html;q=0",
            "text/*;q=0",
            "*/*;q=0.0",
            "*/*, text/html;q=0",
            "*",
            "*/html",
            "text",
            "text/",
            "/html",
            "te*",
            "text/*html",
            "text/html;q=",
            "text/html;q=1.5",
            "text/html;q=high",
            "text/html;a=\";q=1\";q=0",
            "text/html charset=utf-8",
        ] {
            assert_eq!(weight(accept, "text/html"), 0, "{accept:?}");
        }
    }

    #[test]
    fn without_accept_every_media_type_weighs_the_most() {
        assert_eq!(media_type_weight(&Fields::empty(), "text/html"), 1000);
    }

    // RFC 9110 §12.5.1.
    #[test]
    fn the_most_specific_media_range_gives_the_weight() {
        let chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,\
                      image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
        let of_the_rfc = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, \
                          text/plain;format=fixed;q=0.4, */*;q=0.5";
        for (accept, media_type, expected) in [
            ("*/*", "text/html", 1000),
            ("text/*", "text/html", 1000),
            ("TEXT/HTML", "text/html", 1000),
            ("Text/*;q=0.5", "text/html", 500),
            ("text/html ; q=0.25", "text/html", 250),
            ("text/html;Q=0.25", "text/html", 250),
            ("text/html;q=0.5;q=1", "text/html", 500),
            ("text/html;charset=utf-8", "text/html", 1000),
            ("text/html;charset=\"a;b\";q=0.5", "text/html", 500),
            ("text/html;a=\"\\\";q=1\";q=0.5", "text/html", 500),
            ("text/html;level=1, text/html;q=0.4", "text/html", 400),
            ("text/html;level=1;q=0.4, text/*", "text/html", 400),
            ("*/*, text/html;q=0.1, text/*;q=0.5", "text/html", 100),
            ("*/*;q=0.9, text/*;q=0.2", "text/html", 200),
            ("*/*;q=0.9, text/*;q=x", "text/html", 900),
            ("application/json", "application/json", 1000),
            ("application/json, */*;q=0.1", "text/html", 100),
            ("image/png,,text/html", "text/html", 1000),
            (chrome, "text/html", 1000),
            (chrome, "application/json", 800),
            (of_the_rfc, "text/plain", 700),
            (of_the_rfc, "text/html", 300),
            (of_the_rfc, "image/jpeg", 500),
        ] {
            assert_eq!(weight(accept, media_type), expected, "{media_type} {accept:?}");
        }
    }
}
