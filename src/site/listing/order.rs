//! The order of a listing: by which column, in which direction, and how names follow each other.

use std::cmp::Ordering;
use std::ffi::CStr;

/// The column by which a listing is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SortKey {
    #[default]
    Name,
    Size,
    Time,
}

/// The order of a listing: by name, ascending, unless the query says otherwise. Directories always
/// come first. Among equals the name decides, so the order is always the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    pub key: SortKey,
    pub descending: bool,
}

impl Order {
    /// The order that a query such as `sort=size&order=desc` asks for. What it does not know is
    /// ignored; the last of several wins.
    pub(crate) fn from_query(query: Option<&[u8]>) -> Order {
        let mut order = Order::default();
        for parameter in query.unwrap_or_default().split(|&byte| byte == b'&') {
            match parameter {
                b"sort=name" => order.key = SortKey::Name,
                b"sort=size" => order.key = SortKey::Size,
                b"sort=time" => order.key = SortKey::Time,
                b"order=asc" => order.descending = false,
                b"order=desc" => order.descending = true,
                _ => {}
            }
        }
        order
    }

    /// The query that asks for this order, with its question mark.
    pub(crate) fn query(self) -> String {
        let [(sort, key), (order, direction)] = self.parameters();
        format!("?{sort}={key}&{order}={direction}")
    }

    /// Names and values of the query's parameters.
    fn parameters(self) -> [(&'static str, &'static str); 2] {
        let key = match self.key {
            SortKey::Name => "name",
            SortKey::Size => "size",
            SortKey::Time => "time",
        };
        [("sort", key), ("order", if self.descending { "desc" } else { "asc" })]
    }

    /// What links between listings carry, so that the order stays while a user walks about: nothing
    /// for the usual order.
    pub(crate) fn carried(self) -> String {
        match self == Order::default() {
            true => String::new(),
            false => self.query(),
        }
    }

    /// The same as fields of a form.
    pub(super) fn carried_parameters(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.parameters().into_iter().filter(move |_| self != Order::default())
    }

    /// The order that the heading of column `key` leads to: the other direction where it is sorted
    /// by already, else the one that is asked for first, from A, from the largest, from the latest.
    pub(crate) fn after_click_on(self, key: SortKey) -> Order {
        let descending = match self.key == key {
            true => !self.descending,
            false => key != SortKey::Name,
        };
        Order { key, descending }
    }
}

/// Names with what they are sorted by, prepared once each: to compare two is to compare bytes.
#[derive(Default)]
pub(super) struct Names {
    /// Each with NUL at its end.
    names: Vec<u8>,
    keys: Vec<u8>,
    /// Where each begins in the two.
    starts: Vec<(usize, usize)>,
}

impl Names {
    /// The number of the name, from 0 on.
    pub(super) fn push(&mut self, name: &CStr) -> usize {
        self.starts.push((self.names.len(), self.keys.len()));
        self.names.extend_from_slice(name.to_bytes_with_nul());
        push_key(&mut self.keys, name.to_bytes());
        self.starts.len() - 1
    }

    pub(super) fn name(&self, number: usize) -> &CStr {
        let (start, _) = self.starts[number];
        CStr::from_bytes_until_nul(&self.names[start..]).unwrap_or_default()
    }

    fn key(&self, number: usize) -> &[u8] {
        let end = self.starts.get(number + 1).map_or(self.keys.len(), |start| start.1);
        &self.keys[self.starts[number].1..end]
    }

    /// How two names follow each other.
    pub(super) fn compare(&self, a: usize, b: usize) -> Ordering {
        let by_key = self.key(a).cmp(self.key(b));
        by_key.then_with(|| self.name(a).cmp(self.name(b)))
    }

    /// The bytes that all keys begin with, at most.
    pub(super) fn common_bytes(&self) -> usize {
        let Some(last) = self.starts.len().checked_sub(1) else { return 0 };
        let first = self.key(0);
        (1..=last).fold(first.len(), |common, number| {
            let key = self.key(number).iter();
            first[..common].iter().zip(key).take_while(|(one, other)| one == other).count()
        })
    }

    /// [`PREFIX_BYTES`] of the name's key as a number, those after the first `skipped`.
    pub(super) fn prefix(&self, number: usize, skipped: usize) -> u128 {
        let mut prefix = [0; size_of::<u128>()];
        let key = &self.key(number)[skipped..];
        let count = key.len().min(PREFIX_BYTES);
        prefix[1..=count].copy_from_slice(&key[..count]);
        u128::from_be_bytes(prefix)
    }
}

/// So many that a rank (see `Rank` in `reading`) has room for them.
const PREFIX_BYTES: usize = 15;

/// Appends what sorts, byte by byte, as people number and read names: digits by their value (`2`
/// before `10`), ASCII letters without case.
///
/// A number is `0`, the count of its digits without leading zeros in two bytes, and these digits;
/// no other byte lies between `0` and `9`, so a number keeps its place among them.
fn push_key(keys: &mut Vec<u8>, name: &[u8]) {
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        if !first.is_ascii_digit() {
            keys.push(first.to_ascii_lowercase());
            rest = after;
            continue;
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let zeros = rest[..digits].iter().take_while(|&&byte| byte == b'0').count();
        let count = u16::try_from(digits - zeros).unwrap_or(u16::MAX);
        keys.push(b'0');
        keys.extend_from_slice(&count.to_be_bytes());
        keys.extend_from_slice(&rest[zeros..digits]);
        rest = &rest[digits..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    /// Each pair of `names` must follow each other as they do here.
    fn assert_in_order<T: AsRef<[u8]>>(names: &[T]) {
        let mut prepared = Names::default();
        for name in names {
            prepared.push(&CString::new(name.as_ref()).unwrap());
        }
        for i in 0..names.len() {
            for j in 0..names.len() {
                let told = || (prepared.name(i), prepared.name(j));
                assert_eq!(prepared.compare(i, j), i.cmp(&j), "{:?}", told());
                // The prefix never says the opposite.
                let by_prefix = prepared.prefix(i, 0).cmp(&prepared.prefix(j, 0));
                assert!(by_prefix == i.cmp(&j) || by_prefix.is_eq(), "{:?}", told());
            }
        }
    }

    #[test]
    fn unknown_queries_are_ignored() {
        let by = |key, descending| Order { key, descending };
        let rows: [(Option<&[u8]>, Order); 12] = [
            (None, Order::default()),
            (Some(b""), Order::default()),
            (Some(b"sort"), Order::default()),
            (Some(b"sort=SIZE&order=down"), Order::default()),
            (Some(b"sort=size%26"), Order::default()),
            (Some(b"\xFF&&=&sort=size;order=desc"), Order::default()),
            (Some(b"sort=name&order=asc"), by(SortKey::Name, false)),
            (Some(b"order=desc"), by(SortKey::Name, true)),
            (Some(b"sort=size"), by(SortKey::Size, false)),
            (Some(b"order=desc&x=y&sort=time"), by(SortKey::Time, true)),
            (Some(b"sort=size&sort=time"), by(SortKey::Time, false)),
            (Some(b"order=desc&order=asc"), by(SortKey::Name, false)),
        ];
        for (query, expected) in rows {
            assert_eq!(Order::from_query(query), expected, "{query:?}");
        }
    }

    #[test]
    fn every_order_is_read_back_from_its_own_query() {
        for key in [SortKey::Name, SortKey::Size, SortKey::Time] {
            for descending in [false, true] {
                let order = Order { key, descending };
                let query = order.query();
                let query = query.strip_prefix('?').expect("a query has its mark");
                assert_eq!(Order::from_query(Some(query.as_bytes())), order);
            }
        }
    }

    #[test]
    fn names_are_in_natural_order_without_case() {
        let ordered = [
            "",
            "-",
            "0",
            "00",
            "1",
            "2",
            "02a",
            "10",
            "99999999999999999999998",
            "99999999999999999999999",
            "_",
            "A",
            "a",
            "a0",
            "a01",
            "a1",
            "a2",
            "a10",
            "a10b2",
            "a10b10",
            "ab",
            "B",
            "b",
            "ä",
        ];
        assert_in_order(&ordered);
    }

    /// Every name of up to so many of these bytes, sorted by comparing them as they are defined.
    #[test]
    fn order_of_names_has_no_circle() {
        let alphabet = [b'0', b'1', b'a', b'A', b'_'];
        let mut names: Vec<Vec<u8>> = vec![vec![]];
        for start in 0..31 {
            let longer = alphabet.map(|byte| [&names[start][..], &[byte]].concat());
            names.extend(longer);
        }
        let mut prepared = Names::default();
        for name in &names {
            prepared.push(&CString::new(name.as_slice()).unwrap());
        }
        let mut numbers: Vec<usize> = (0..names.len()).collect();
        numbers.sort_by(|&a, &b| prepared.compare(a, b));
        let sorted: Vec<_> = numbers.iter().map(|&number| names[number].as_slice()).collect();
        assert_in_order(&sorted);
    }

    #[test]
    fn common_beginning_is_skipped() {
        let rows: [(&[&str], usize); 5] = [
            (&[], 0),
            (&["abc"], 3),
            (&["abc", "abd", "ab"], 2),
            (&["a", "b"], 0),
            (&["", "a"], 0),
        ];
        for (names, expected) in rows {
            let mut prepared = Names::default();
            for name in names {
                prepared.push(&CString::new(*name).unwrap());
            }
            assert_eq!(prepared.common_bytes(), expected, "{names:?}");
        }
    }
}
