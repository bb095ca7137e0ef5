//! The credentials of a request: `Authorization: Basic` (RFC 9110 §11.6.2, RFC 7617).
//!
//! Left out on purpose: every other scheme. Digest hashes the password by itself, so a server would
//! have to keep it in a form that is as good as the password.

use super::field::Fields;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A user's name and password, as the client says them. They are in no message and no log.
pub struct Credentials {
    decoded: Vec<u8>,
    /// The first colon, which no name holds.
    colon: usize,
}

impl Credentials {
    /// Those of a request with these fields; `None` where there are none, several, or what is not
    /// written as RFC 7617 §2 has it: padded Base64, a colon, no control bytes.
    pub fn of(fields: &Fields) -> Option<Credentials> {
        let mut values = fields.all("Authorization");
        match (values.next(), values.next()) {
            (Some(value), None) => Credentials::parse(value),
            _ => None,
        }
    }

    fn parse(value: &[u8]) -> Option<Credentials> {
        let blank = value.iter().position(|&byte| byte == b' ')?;
        let (scheme, token) = value.split_at(blank);
        if !scheme.eq_ignore_ascii_case(b"Basic") {
            return None;
        }
        let decoded = STANDARD.decode(token.trim_ascii_start()).ok()?;
        let colon = decoded.iter().position(|&byte| byte == b':')?;
        let is_text = !decoded.iter().any(u8::is_ascii_control);
        is_text.then_some(Credentials { decoded, colon })
    }

    /// The name of the user.
    pub fn user(&self) -> &[u8] {
        &self.decoded[..self.colon]
    }

    /// The password.
    pub fn password(&self) -> &[u8] {
        &self.decoded[self.colon + 1..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Option<(String, String)> {
        let credentials = Credentials::parse(value.as_bytes())?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Some((text(credentials.user()), text(credentials.password())))
    }

    #[test]
    fn what_is_not_as_it_is_to_be_written_is_none() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Bearer QTpi",
            "Basic\tQTpi",
            "BasicQTpi",
            "Basic QTpi QTpi",
            "Basic QTpi,",
            // No colon; a control byte; no padding, too much of it, bits behind the last byte.
            "Basic QUI=",
            "Basic QToKYg==",
            "Basic QTo",
            "Basic QTo==",
            "Basic QTp=",
            "Basic QTr=",
            // The alphabet for URLs.
            "Basic QTo_Pz8-",
        ] {
            assert!(parse(value).is_none(), "{value:?}");
        }
    }

    #[test]
    fn user_and_password_are_parted_by_the_first_colon() {
        for (value, user, password) in [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
            ("bASIC   QTo=", "A", ""),
            ("Basic Og==", "", ""),
            ("Basic QTpiOmM=", "A", "b:c"),
            // RFC 7617 §2.1.
            ("Basic dGVzdDoxMjPCow==", "test", "123\u{a3}"),
        ] {
            assert_eq!(parse(value), Some((user.to_owned(), password.to_owned())), "{value}");
        }
    }

    #[test]
    fn of_several_lines_none_counts() {
        let lines = b"Authorization: Basic QTo=\r\nAuthorization: Basic QTo=\r\n\r\n";
        assert!(Credentials::of(&Fields::parse(lines).expect("field lines")).is_none());
        let line = b"authorization: Basic QTo=\r\n\r\n";
        assert!(Credentials::of(&Fields::parse(line).expect("a field line")).is_some());
    }
}
