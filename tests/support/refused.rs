//! A system that refuses `openat2`, as sandboxes and old kernels do: a seccomp filter, which goes
//! for all that is started under it.

use rustix::io::Errno;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::panic::resume_unwind;
use std::process::Command;
use std::thread;

/// How systems refuse it.
pub(crate) const REFUSALS: [Errno; 2] = [Errno::NOSYS, Errno::PERM];

/// The number of the system call, on every architecture that the filter is for.
const OPENAT2: i64 = 437;

/// Does `work` on a thread of its own, whose every `openat2` is answered with `refusal`, and so are
/// those of the processes and threads that it starts.
pub(crate) fn without_openat2<T: Send>(refusal: Errno, work: impl FnOnce() -> T + Send) -> T {
    let refused = || {
        refuse_openat2(refusal);
        work()
    };
    let done = thread::scope(|scope| scope.spawn(refused).join());
    done.unwrap_or_else(|panic| resume_unwind(panic))
}

fn refuse_openat2(refusal: Errno) {
    let rules = BTreeMap::from([(OPENAT2, Vec::new())]);
    let answer = SeccompAction::Errno(refusal.raw_os_error().unsigned_abs());
    let architecture = ARCH.try_into().expect("an architecture with filters");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture);
    let program = BpfProgram::try_from(filter.expect("a filter")).expect("a program");
    apply_filter(&program).expect("a kernel with filters");
}

/// Runs the tests of this program whose names contain one of `names`, in a process of their own
/// without `openat2`; each name stands for some. Tests whose names contain one of `skipped`, the
/// calling one among them, are left out.
#[track_caller]
pub(crate) fn expect_tests_to_pass(refusal: Errno, names: &[&str], skipped: &[&str]) {
    for name in names {
        let listed = chosen(&[name], skipped).args(["--list", "--format", "terse"]).output();
        assert!(!listed.expect("this program").stdout.is_empty(), "no test of {name}");
    }
    let output = without_openat2(refusal, || chosen(names, skipped).output());
    let output = output.expect("this program");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{refusal:?}: {told}");
}

/// This program, which is to run these tests.
fn chosen(names: &[&str], skipped: &[&str]) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.args(names).args(skipped.iter().flat_map(|name| ["--skip", name]));
    command
}
