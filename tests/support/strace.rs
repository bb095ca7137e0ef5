//! The program under strace, which counts its calls, delays them or has them fail.

use super::{Program, find, serving};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program under strace, which is told by `tampering` what to do to its calls
/// (`inject=fsync:delay_enter=3600s`). `None` where there is no strace.
///
/// What is delayed for an hour stays so until the program is dropped. So an answer that comes
/// meanwhile has not waited for it, however fast or slow the machine is.
pub fn tampered(root: &Path, tampering: &[&str], arguments: &[&str]) -> Option<Program> {
    Some(Program::spawn(&mut strace(root, tampering, arguments)?))
}

/// The command for that.
pub fn strace(root: &Path, tampering: &[&str], arguments: &[&str]) -> Option<Command> {
    let mut command = Command::new(find("strace")?);
    // -D: the program, not strace, is the child that the signals go to.
    command.args(["-D", "-f", "-q", "--seccomp-bpf", "-e", "signal=none"]);
    if !tampering.contains(&"-o") {
        command.args(["-o", "/dev/null"]);
    }
    let program = serving(root, arguments);
    command.args(tampering).arg(program.get_program()).args(program.get_args());
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    Some(command)
}

/// How many threads are held in a call that strace delays.
pub fn held(program: &Program) -> usize {
    let tasks = fs::read_dir(program.proc("task")).expect("threads");
    let is_held = |task: &fs::DirEntry| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('t'))
    };
    tasks.filter(|task| is_held(task.as_ref().expect("a thread"))).count()
}
