//! The headers of a tar archive (POSIX.1-2024, pax, "Extended Description"): ustar, and a pax
//! extended header before it for what ustar has no room for.
//!
//! What is the same for all entries is fixed: mode 0644 or 0755, and user and group 0. Times are in
//! whole seconds, as ustar has them: a fraction would cost each file 1 KiB.

use std::io::Write;

/// Bytes of which everything in an archive is a multiple.
const BLOCK: usize = 512;

/// What follows the last entry: two blocks of zeros.
pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The largest number that a field of eleven octal digits has room for: 8 GiB less one byte, or a
/// second in the year 2242.
const NUMBER_MAX: u64 = 0o777_7777_7777;

/// Bytes of ustar's two fields for a path.
const NAME_BYTES: usize = 100;
const PREFIX_BYTES: usize = 155;

/// Where a path's two fields begin.
const NAME_AT: usize = 0;
const PREFIX_AT: usize = 345;

/// One entry of an archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    /// Any bytes but NUL, without a slash at its end.
    pub path: &'a [u8],
    pub kind: Kind,
    /// Seconds since 1970, negative before.
    pub modified: i64,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With the bytes that follow the header.
    File(u64),
    Directory,
}

impl Kind {
    /// Bytes that follow the header.
    pub(super) fn length(self) -> u64 {
        match self {
            Kind::File(length) => length,
            Kind::Directory => 0,
        }
    }
}

/// How many zeros follow `length` bytes of a file.
pub(super) fn padding(length: u64) -> usize {
    let block = BLOCK as u64;
    ((block - length % block) % block) as usize
}

/// Appends an entry's header, and its extended header where it needs one: whole blocks.
pub(super) fn push_header(out: &mut Vec<u8>, header: Header) {
    let (path, type_flag) = match header.kind {
        Kind::File(_) => (header.path.to_vec(), b'0'),
        Kind::Directory => ([header.path, b"/"].concat(), b'5'),
    };
    let length = header.kind.length();
    let mut records = Vec::new();
    let fields = split(&path).filter(|_| path.is_ascii() || !is_utf8(&path));
    if fields.is_none() {
        if !is_utf8(&path) {
            push_record(&mut records, "hdrcharset", b"BINARY");
        }
        push_record(&mut records, "path", &path);
    }
    if length > NUMBER_MAX {
        push_record(&mut records, "size", length.to_string().as_bytes());
    }
    let modified = u64::try_from(header.modified).ok().filter(|&seconds| seconds <= NUMBER_MAX);
    if modified.is_none() {
        push_record(&mut records, "mtime", header.modified.to_string().as_bytes());
    }
    if !records.is_empty() {
        let file = Ustar { fields: (b"", b"PaxHeader"), length: records.len() as u64, modified: 0 };
        file.push(out, b'x');
        out.extend_from_slice(&records);
        out.resize(out.len() + padding(records.len() as u64), 0);
    }
    // For a reader that knows no pax: as much of the path as there is room for.
    let cut = || (&b""[..], &path[..path.len().min(NAME_BYTES)]);
    let modified = modified.unwrap_or(if header.modified < 0 { 0 } else { NUMBER_MAX });
    Ustar { fields: fields.unwrap_or_else(cut), length, modified }.push(out, type_flag);
}

fn is_utf8(path: &[u8]) -> bool {
    str::from_utf8(path).is_ok()
}

/// The path as ustar's prefix and name; `None` where it does not fit. They are joined by a slash,
/// and neither is empty then.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME_BYTES {
        return Some((b"", path));
    }
    // The first slash behind which the name fits.
    let first = path.len() - NAME_BYTES - 1;
    let slash = first + path[first..].iter().position(|&byte| byte == b'/')?;
    let (prefix, name) = (&path[..slash], &path[slash + 1..]);
    ((1..=PREFIX_BYTES).contains(&prefix.len()) && !name.is_empty()).then_some((prefix, name))
}

/// Appends a record of an extended header: its own length in decimal digits, a blank, the keyword,
/// `=`, the value, and a newline.
fn push_record(records: &mut Vec<u8>, keyword: &str, value: &[u8]) {
    let rest = keyword.len() + value.len() + b" =\n".len();
    let digits = |number: usize| number.to_string().len();
    let mut length = rest + digits(rest);
    // The digits may make the number one digit longer.
    length = rest + digits(length);
    for part in [format!("{length} {keyword}=").as_bytes(), value, b"\n"] {
        records.extend_from_slice(part);
    }
}

/// The fields of one header that are not the same in all.
struct Ustar<'a> {
    /// Prefix and name.
    fields: (&'a [u8], &'a [u8]),
    length: u64,
    modified: u64,
}

impl Ustar<'_> {
    fn push(&self, out: &mut Vec<u8>, type_flag: u8) {
        let mut block = [0; BLOCK];
        let (prefix, name) = self.fields;
        block[NAME_AT..NAME_AT + name.len()].copy_from_slice(name);
        block[PREFIX_AT..PREFIX_AT + prefix.len()].copy_from_slice(prefix);
        let mode = if type_flag == b'5' { 0o755 } else { 0o644 };
        // Numbers are octal digits, with a NUL behind them.
        put_octal(&mut block[100..107], mode);
        put_octal(&mut block[108..115], 0);
        put_octal(&mut block[116..123], 0);
        put_octal(&mut block[124..135], self.length.min(NUMBER_MAX));
        put_octal(&mut block[136..147], self.modified);
        block[156] = type_flag;
        block[257..265].copy_from_slice(b"ustar\x0000");
        put_octal(&mut block[329..336], 0);
        put_octal(&mut block[337..344], 0);
        // The sum of all bytes, where the field of the sum counts as blanks.
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().copied().map(u64::from).sum();
        put_octal(&mut block[148..154], sum);
        block[154] = 0;
        out.extend_from_slice(&block);
    }
}

/// Fills the field with the octal digits of `number`, which has room in it.
fn put_octal(field: &mut [u8], number: u64) {
    let width = field.len();
    write!(&mut *field, "{number:0width$o}").expect("the number has room");
}
