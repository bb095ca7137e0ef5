//! The form of a line of diagnostics on stderr.
//!
//! For people it begins with the time of day, in UTC as in the access log beside it. At trace level
//! the time is to the microsecond, and the thread has its name: enough to follow one connection
//! through many. The journal knows time and process itself; there a line begins with its level, in
//! the form of sd-daemon(3). It takes a line without a level, such as one of the access log, for
//! `info`.

use env_logger::fmt::style::Style;
use log::{Level, LevelFilter};
use std::fmt::Arguments;
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The readers that the lines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineForm {
    /// People who read stderr, or a file made of it.
    ForPeople,
    /// The journal of systemd.
    ForJournal,
}

impl LineForm {
    /// For the journal, where `stream` (the variable JOURNAL_STREAM) says that `stderr` leads
    /// there.
    pub(super) fn of(stderr: impl AsFd, stream: Option<&str>) -> LineForm {
        let identity = rustix::fs::fstat(stderr).map(|stat| (stat.st_dev, stat.st_ino));
        let is_journal = |stream: &str| {
            let numbers = stream.split_once(':');
            let numbers = numbers.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
            numbers.is_some_and(|numbers| Ok(numbers) == identity)
        };
        match stream.is_some_and(is_journal) {
            true => LineForm::ForJournal,
            false => LineForm::ForPeople,
        }
    }

    /// The message as a line with its LF; as several lines if it has several.
    pub(super) fn diagnostic(
        self,
        level: Level,
        style: Style,
        target: &str,
        args: &Arguments,
    ) -> String {
        let is_traced = log::max_level() == LevelFilter::Trace;
        let thread = if is_traced { format!("[{}] ", thread_name()) } else { String::new() };
        let room = room(target);
        match self {
            LineForm::ForJournal => with_priority(level, &format!("{thread}{room}: {args}")),
            LineForm::ForPeople => {
                let time = time_of_day(SystemTime::now(), is_traced);
                format!("{time} {style}{level:5}{style:#} {thread}{room}: {args}\n")
            }
        }
    }

    /// Why nothing is served: for people as any command says it, without a time.
    pub(super) fn last_words(self, message: &str) -> String {
        match self {
            LineForm::ForJournal => with_priority(Level::Error, &format!("tinyhttpd: {message}")),
            LineForm::ForPeople => format!("tinyhttpd: {message}\n"),
        }
    }
}

/// Each line of `text` with its level: the journal takes each for an entry of its own.
fn with_priority(level: Level, text: &str) -> String {
    let priority = match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    };
    text.lines().map(|line| format!("<{priority}>{line}\n")).collect()
}

/// `08:49:37Z`, or `08:49:37.123456Z`; Z for UTC (RFC 3339).
fn time_of_day(now: SystemTime, is_precise: bool) -> String {
    // A clock before 1970 is wrong anyway.
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = since_1970.as_secs() % (24 * 60 * 60);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match is_precise {
        false => format!("{hour:02}:{minute:02}:{second:02}Z"),
        true => {
            let microseconds = since_1970.subsec_micros();
            format!("{hour:02}:{minute:02}:{second:02}.{microseconds:06}Z")
        }
    }
}

/// The target as the log shows it: the program's name for the command's own files.
fn room(target: &str) -> &str {
    if target.starts_with("tinyhttpd::command") { "tinyhttpd" } else { target }
}

fn thread_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn time_of_day_has_all_its_digits() {
        let at = |seconds, microseconds| {
            let since_1970 = Duration::from_secs(seconds) + Duration::from_micros(microseconds);
            [false, true].map(|is_precise| time_of_day(UNIX_EPOCH + since_1970, is_precise))
        };
        assert_eq!(at(784_111_777, 42), ["08:49:37Z", "08:49:37.000042Z"]);
        assert_eq!(at(86_399, 999_999), ["23:59:59Z", "23:59:59.999999Z"]);
        assert_eq!(at(86_400, 0), ["00:00:00Z", "00:00:00.000000Z"]);
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(time_of_day(before, false), "00:00:00Z");
    }

    #[test]
    fn only_the_stream_that_is_named_is_the_journal() {
        let (_reader, writer) = io::pipe().expect("a pipe");
        let stat = rustix::fs::fstat(&writer).expect("a pipe's status");
        let (device, inode) = (stat.st_dev, stat.st_ino);
        let form = |stream: Option<&str>| LineForm::of(&writer, stream);
        assert_eq!(form(Some(&format!("{device}:{inode}"))), LineForm::ForJournal);
        let others = [format!("{device}:{}", inode + 1), format!("{}:{inode}", device + 1)];
        for other in others.iter().map(String::as_str).chain(["", ":", "1", "a:b"]) {
            assert_eq!(form(Some(other)), LineForm::ForPeople, "{other:?}");
        }
        assert_eq!(form(None), LineForm::ForPeople);
    }

    #[test]
    fn each_line_for_the_journal_has_its_level() {
        let style = Style::new();
        for (level, priority) in [(Level::Error, 3), (Level::Warn, 4), (Level::Info, 6)] {
            let line = LineForm::ForJournal.diagnostic(level, style, "room", &format_args!("a\nb"));
            assert_eq!(line, format!("<{priority}>room: a\n<{priority}>b\n"));
        }
        assert_eq!(with_priority(Level::Debug, "a"), "<7>a\n");
        assert_eq!(with_priority(Level::Trace, "a"), "<7>a\n");
        assert_eq!(LineForm::ForJournal.last_words("a"), "<3>tinyhttpd: a\n");
        assert_eq!(LineForm::ForPeople.last_words("a"), "tinyhttpd: a\n");
    }
}
