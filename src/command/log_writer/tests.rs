use super::sink::Way;
use super::*;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;

/// A line of 100 bytes that names its number.
fn line(number: usize) -> String {
    format!("{number:05} {}\n", "x".repeat(93))
}

const LOST: &str = " log lines were lost";

fn in_place() -> Losses {
    Losses::InPlace(Box::new(|lost| format!("WARN  tinyhttpd: {lost}{LOST}\n")))
}

/// The number in a line about lost ones.
fn lost(line: &str) -> Option<usize> {
    let number = line.strip_prefix("WARN  tinyhttpd: ")?.strip_suffix(LOST)?;
    Some(number.parse().expect("a number"))
}

/// Checks that what was read are lines in their order, each whole, and that those that are missing
/// are counted in their place. Returns how many lines were written and lost together.
#[track_caller]
fn lines_and_losses(read: &str) -> usize {
    assert!(read.is_empty() || read.ends_with('\n'), "{read}");
    let mut next = 0;
    for text in read.lines() {
        match lost(text) {
            Some(count) => next += count,
            None => {
                assert_eq!(format!("{text}\n"), line(next));
                next += 1;
            }
        }
    }
    next
}

/// A pipe that takes nothing more, and whose reader can be had.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = io::pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&writer, true).expect("an option");
    while writer.write(&[b'.'; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).expect("an option");
    (reader, writer)
}

/// Reads until all of `count` lines have come or are told as lost; leaves out the dots.
fn read_all(mut reader: impl Read, count: usize) -> String {
    let mut read = Vec::new();
    let mut some = [0; 4096];
    loop {
        let length = reader.read(&mut some).expect("bytes");
        read.extend(some[..length].iter().filter(|&&byte| byte != b'.'));
        let text = str::from_utf8(&read).expect("UTF-8");
        if text.ends_with('\n') && lines_and_losses(text) == count {
            return text.to_owned();
        }
        assert_ne!(length, 0, "{text}");
    }
}

/// What is logged while nobody reads holds up nobody; whoever reads it later finds whole lines, in
/// order, and how many are missing.
#[track_caller]
fn expect_lines_and_losses(log: &Arc<LogWriter>, reader: impl Read) {
    // Alone, and several in one record.
    for number in (0..6000).step_by(3) {
        log.write(&line(number));
        log.write(&(line(number + 1) + &line(number + 2)));
    }
    let read = read_all(reader, 6000);
    assert!(read.contains(LOST), "{read}");
    assert!(read.len() + line(0).len() >= LOG_BYTES_MAX, "{}", read.len());
}

#[test]
fn pipe_that_nobody_reads_holds_up_nobody() {
    let (reader, writer) = full_pipe();
    expect_lines_and_losses(&LogWriter::new(writer, in_place()), reader);
    // Where it cannot be opened a second time.
    let (reader, writer) = full_pipe();
    expect_lines_and_losses(&LogWriter::to(Sink::with(writer, Way::Poll), in_place()), reader);
    // Where it takes some before it is full.
    let (reader, writer) = io::pipe().expect("a pipe");
    expect_lines_and_losses(&LogWriter::to(Sink::with(writer, Way::Poll), in_place()), reader);
}

#[test]
fn socket_that_nobody_reads_holds_up_nobody() {
    let (reader, writer) = UnixStream::pair().expect("sockets");
    // As few as the kernel allows, so that a send takes a part.
    rustix::net::sockopt::set_socket_send_buffer_size(&writer, 1).expect("an option");
    expect_lines_and_losses(&LogWriter::new(writer, in_place()), reader);
}

#[test]
fn terminal_that_nobody_reads_holds_up_nobody() {
    use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("a terminal");
    unlockpt(&master).expect("a terminal");
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let terminal = ioctl_tiocgptpeer(&master, flags).expect("a terminal");
    struct WithoutCr(File);
    impl Read for WithoutCr {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let count = self.0.read(bytes)?;
            let kept: Vec<_> =
                bytes[..count].iter().copied().filter(|&byte| byte != b'\r').collect();
            bytes[..kept.len()].copy_from_slice(&kept);
            Ok(kept.len())
        }
    }
    expect_lines_and_losses(&LogWriter::new(terminal, in_place()), WithoutCr(File::from(master)));
}

#[test]
fn what_is_pending_is_written_as_soon_as_somebody_reads() {
    let (reader, writer) = full_pipe();
    let log = LogWriter::new(writer, in_place());
    (0..10).for_each(|number| log.write(&line(number)));
    let expected: String = (0..10).map(line).collect();
    assert_eq!(read_all(reader, 10), expected);
}

#[test]
fn lines_that_cannot_be_written_are_counted_and_told_later() {
    // A pipe without a reader, and a disk that is full.
    let (reader, broken) = io::pipe().expect("a pipe");
    drop(reader);
    let full = File::options().write(true).open("/dev/full").expect("a device");
    for out in [OwnedFd::from(broken), OwnedFd::from(full)] {
        let log = LogWriter::new(out, in_place());
        (0..10).for_each(|number| log.write(&line(number)));
        log.close(Duration::ZERO);
        let queue = log.lock();
        assert_eq!((queue.writer, queue.lost_before), (Writer::Nobody, 10));
        assert_eq!((queue.pending.len(), queue.lost_after), (0, 0));
    }
}

/// As a disk does that is full for a while: every line before, a part of one, the loss, every line
/// after.
#[test]
fn loss_stands_in_its_place_and_on_a_line_of_its_own() {
    let mut queue = Queue::default();
    queue.push((line(0) + &line(1)).as_bytes());
    let batch = queue.take(&in_place()).expect("a batch");
    queue.push(line(2).as_bytes());
    queue.put_back(batch, 150, Some(Errno::NOSPC));
    let batch = queue.take(&in_place()).expect("a batch");
    assert_eq!(batch.bytes, b"\nWARN  tinyhttpd: 2 log lines were lost\n");
    queue.push(line(3).as_bytes());
    queue.put_back(batch, 0, Some(Errno::NOSPC));
    let batch = queue.take(&in_place()).expect("a batch");
    assert_eq!(batch.bytes, b"\nWARN  tinyhttpd: 3 log lines were lost\n");
    queue.push(line(4).as_bytes());
    let length = batch.bytes.len();
    queue.put_back(batch, length, None);
    assert_eq!(queue.take(&in_place()).expect("a batch").bytes, line(4).as_bytes());
}

#[test]
fn line_written_in_part_is_finished_first() {
    let mut queue = Queue::default();
    queue.push(line(0).as_bytes());
    let batch = queue.take(&in_place()).expect("a batch");
    queue.push(line(1).as_bytes());
    queue.put_back(batch, 30, Some(Errno::AGAIN));
    let batch = queue.take(&in_place()).expect("a batch");
    assert_eq!(batch.bytes, [&line(0).as_bytes()[30..], line(1).as_bytes()].concat());
}

#[test]
fn of_a_record_of_many_lines_whole_ones_are_kept() {
    let mut queue = Queue::default();
    let record: String = (0..6000).map(line).collect();
    queue.push(record.as_bytes());
    let kept = LOG_BYTES_MAX / line(0).len();
    assert_eq!(queue.pending.len(), kept * line(0).len());
    assert_eq!(queue.lost_after, 6000 - kept as u64);
    // What follows a loss is lost too, until the queue is empty.
    queue.push(b"short\n");
    assert_eq!(queue.lost_after, 6001 - kept as u64);
}

/// A slow disk under the log, played by a pipe that blocks: it holds up one thread.
#[test]
fn disk_that_takes_its_time_holds_up_one_thread() {
    let (reader, writer) = full_pipe();
    let log = LogWriter::to(Sink::with(writer, Way::Write), in_place());
    thread::scope(|scope| {
        scope.spawn(|| log.write(&line(0)));
        while log.lock().writer != Writer::Busy {
            thread::yield_now();
        }
        (1..10).for_each(|number| log.write(&line(number)));
        log.close(Duration::from_millis(1));
        let expected: String = (0..10).map(line).collect();
        assert_eq!(read_all(reader, 10), expected);
    });
}

#[test]
fn lines_of_many_threads_are_whole() {
    let (reader, writer) = io::pipe().expect("a pipe");
    let log = LogWriter::new(writer, in_place());
    let read = thread::scope(|scope| {
        for _ in 0..8 {
            let log = Arc::clone(&log);
            scope.spawn(move || (0..1000).for_each(|number| log.write(&line(number))));
        }
        drop(log);
        io::read_to_string(reader).expect("lines")
    });
    let (losses, lines): (Vec<_>, Vec<_>) = read.lines().partition(|text| lost(text).is_some());
    assert!(lines.iter().all(|text| text.len() == 99), "{lines:#?}");
    let lost: usize = losses.into_iter().filter_map(lost).sum();
    assert_eq!(lines.len() + lost, 8000);
}

/// A log for programs: its losses are told to the receiver, never to whoever reads it.
fn elsewhere() -> (Losses, mpsc::Receiver<Loss>) {
    let (told, news) = mpsc::channel();
    let tell = move |loss| told.send(loss).expect("a test that listens");
    (Losses::Elsewhere(Box::new(tell)), news)
}

#[test]
fn loss_told_elsewhere_leaves_nothing_but_lines() {
    let (losses, _news) = elsewhere();
    let mut queue = Queue::default();
    queue.push((line(0) + &line(1)).as_bytes());
    let batch = queue.take(&losses).expect("a batch");
    queue.push(line(2).as_bytes());
    let news = queue.put_back(batch, 150, Some(Errno::NOSPC));
    assert_eq!(news, Some(Loss::Begins(Errno::NOSPC)));
    // There is nothing to write, and the loss is not told before something is written.
    queue.writer = Writer::Busy;
    assert!(queue.take(&losses).is_none());
    assert_eq!(queue.writer, Writer::Nobody);
    for (number, written) in [(3, 0), (4, 1)] {
        queue.push(line(number).as_bytes());
        let batch = queue.take(&losses).expect("a batch");
        // Even the end of the line that was cut may be all that the disk takes.
        assert_eq!(batch.bytes, [b"\n", line(number).as_bytes()].concat());
        assert_eq!(queue.put_back(batch, written, Some(Errno::NOSPC)), None);
    }
    queue.push(line(5).as_bytes());
    let batch = queue.take(&losses).expect("a batch");
    assert_eq!(batch.bytes, line(5).as_bytes());
    let length = batch.bytes.len();
    assert_eq!(queue.put_back(batch, length, None), Some(Loss::Ends(4)));
    assert!(queue.take(&losses).is_none());
}

#[test]
fn full_disk_is_told_elsewhere_once_and_its_losses_at_the_end() {
    let full = File::options().write(true).open("/dev/full").expect("a device");
    let (losses, news) = elsewhere();
    let log = LogWriter::new(full, losses);
    (0..10).for_each(|number| log.write(&line(number)));
    assert_eq!(news.try_iter().collect::<Vec<_>>(), [Loss::Begins(Errno::NOSPC)]);
    log.close(Duration::ZERO);
    assert_eq!(news.try_iter().collect::<Vec<_>>(), [Loss::Ends(10)]);
}

#[test]
fn pipe_full_for_a_while_tells_its_losses_elsewhere() {
    let (mut reader, writer) = full_pipe();
    let (losses, news) = elsewhere();
    let log = LogWriter::new(writer, losses);
    (0..6000).for_each(|number| log.write(&line(number)));
    let mut read = Vec::new();
    let mut some = [0; 4096];
    let kept = LOG_BYTES_MAX / line(0).len();
    while read.len() < kept * line(0).len() {
        let length = reader.read(&mut some).expect("bytes");
        read.extend(some[..length].iter().filter(|&&byte| byte != b'.'));
    }
    while log.lock().writer != Writer::Nobody {
        thread::yield_now();
    }
    // The next line brings the news.
    log.write(&line(6000));
    let expected: String = (0..kept).chain([6000]).map(line).collect();
    while read.len() < expected.len() {
        let length = reader.read(&mut some).expect("bytes");
        read.extend(&some[..length]);
    }
    assert_eq!(str::from_utf8(&read), Ok(&*expected));
    assert_eq!(news.recv_timeout(Duration::from_secs(30)), Ok(Loss::Ends(6000 - kept as u64)));
}
