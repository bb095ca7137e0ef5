//! A test in a process of its own, for what would disturb its neighbours or needs another user.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Names the test in the process that is its own.
const ALONE: &str = "TINYHTTPD_TEST_ALONE";

/// What that process says before the test begins: it has found it by its name.
const BEGINS: &str = "THIS TEST RUNS ALONE";

/// Whether this process is this test's own. If it is not, one that is runs the test, and it must
/// pass; `change` may change how that is started.
///
/// `module` is the test's `module_path!()`, and `test` its name there.
#[track_caller]
pub(crate) fn is_alone(module: &str, test: &str, change: impl FnOnce(Command) -> Command) -> bool {
    let test = match module.split_once("::") {
        Some((_, module)) => format!("{module}::{test}"),
        None => test.to_owned(),
    };
    if std::env::var_os(ALONE).is_some_and(|name| *name == *test) {
        // Past the harness, which would keep it.
        writeln!(io::stdout(), "{BEGINS}").expect("stdout");
        return true;
    }
    let mut command = Command::new("/proc/self/exe");
    command.args(["--exact", &test]).env(ALONE, &test);
    let output = change(command).output().expect("this program, once more");
    let told = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{said}");
    assert!(told.contains(BEGINS), "no test {test}: {told}{said}");
    false
}

/// The same for a process that permission bits bind, as they bind none of root's.
#[track_caller]
pub(crate) fn is_bound_by_permissions(module: &str, test: &str) -> bool {
    is_alone(module, test, |mut command| {
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        command
    })
}
