//! What a new file takes over from the one that it replaces.
//!
//! Mode, access control list, group and owner are taken over, as far as this process may give them
//! away. Left out on purpose: the bits that are more than permissions (set-user-ID, set-group-ID
//! and sticky, which write(2) clears too), and other extended attributes.

use super::super::permissions::Permissions;
use crate::os::files;
use rustix::fd::BorrowedFd;
use rustix::fs::{self, Access, AtFlags, Mode, OFlags};
use rustix::io::Result;

/// Whether this process may read and write the file: only then may another take its place, since
/// the rights on its directory would allow more than the rights on the file.
///
/// # Errors
///
/// EACCES, EPERM (an immutable file), EROFS.
pub(super) fn check_writable(directory: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
    let access = Access::READ_OK | Access::WRITE_OK;
    fs::accessat(directory, name, access, AtFlags::EACCESS)
}

/// Gives `permissions` and the access control list `list` to `file`, which this process has made
/// and whose name nobody knows yet.
///
/// Only root can give a file to another owner; others can give it to a group of their own and to no
/// other. If the group cannot be kept, the new group gets no right that all others do not have, and
/// the list is left out.
pub(super) fn give(
    permissions: Permissions,
    list: Option<&[u8]>,
    file: BorrowedFd<'_>,
) -> Result<()> {
    let own = Permissions::of(file)?;
    let keeps_group =
        own.group == permissions.group || fs::fchown(file, None, Some(permissions.group)).is_ok();
    match list {
        // The list holds the mode too.
        Some(list) if keeps_group => files::set_access_list(file, list)?,
        _ => {
            files::remove_access_list(file)?;
            let mode = permissions.mode;
            set_mode(file, if keeps_group { mode } else { without_group(mode) })?;
        }
    }
    // Last, because a file of another owner can no longer be changed.
    if own.owner != permissions.owner
        && let Err(errno) = fs::fchown(file, Some(permissions.owner), None)
    {
        log::debug!("the owner of a replaced file is not kept: {errno}");
    }
    Ok(())
}

/// Sets the mode, unless the file has it already: some file systems refuse every change of it.
pub(super) fn set_mode(file: BorrowedFd<'_>, mode: Mode) -> Result<()> {
    match Permissions::of(file)?.mode == mode {
        true => Ok(()),
        false => fs::fchmod(file, mode),
    }
}

/// The access control list (acl(5)) of the regular file `name`, if it has one.
pub(super) fn access_list(directory: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = fs::openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty())?;
    files::access_list(file)
}

/// The mode for a group that did not have the file before: it gets no right that all others do not
/// have.
fn without_group(mode: Mode) -> Mode {
    let of_all = Mode::from_raw_mode((mode.as_raw_mode() & 0o007) << 3);
    mode & (Mode::RWXU | Mode::RWXO | of_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_group_has_no_more_rights_than_all() {
        let rows = [
            (0o660, 0o600),
            (0o664, 0o644),
            (0o604, 0o604),
            (0o775, 0o755),
            (0o777, 0o777),
            (0o070, 0o000),
            (0o647, 0o647),
        ];
        for (mode, expected) in rows {
            let left = without_group(Mode::from_raw_mode(mode)).as_raw_mode();
            assert_eq!(left, expected, "{mode:o}: {left:o}");
        }
    }
}
