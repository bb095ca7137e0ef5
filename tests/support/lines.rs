//! The lines that a child writes, as they come.

use super::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

pub struct Lines {
    coming: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    /// Reads them as they come, so that the child is never held up.
    pub fn of(output: impl Read + Send + 'static) -> Lines {
        let (sender, coming) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                // Where nobody listens any more, the child must be able to go on writing.
                sender.send(String::from_utf8_lossy(&line).into_owned()).ok();
            }
        });
        Lines { coming, seen: Vec::new() }
    }

    /// Waits for the next line that contains `text`.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line = self.coming.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("no {text}: {error}: {:#?}", self.seen));
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits until the child has ended, and returns all lines.
    pub fn wait_for_end(&mut self) -> Vec<String> {
        self.seen.extend(self.coming.iter());
        std::mem::take(&mut self.seen)
    }
}
