//! After a last answer: what the client still sends is thrown away until it ends, so that the
//! answer is followed by an end and not by a reset that could destroy it (RFC 9112 §9.6).

use super::io::Io;
use super::state::{Linger, Next, State};
use crate::limits::LINGER_BYTES_MAX;
use crate::server::socket::Received;
use crate::server::turn::{Buffers, Turn};

impl Linger {
    /// Half-closes, and begins to wait for the client's end. What was logged is in the log before
    /// the client sees it.
    pub(super) fn begin(io: &mut Io, turn: &Turn) -> Next {
        turn.lines().flush();
        io.deadline = Some(turn.clock.after(turn.settings().linger_time));
        match io.socket.shut_down_writing() {
            Ok(()) => Next::Now(State::Linger(Linger::default())),
            Err(error) => {
                log::debug!("shutdown({}): {error}", io.socket);
                Next::Close
            }
        }
    }

    pub(super) fn go_on(mut self, io: &mut Io, turn: &mut Turn, buffers: &mut Buffers) -> Next {
        match io.socket.recv(&mut buffers.input, io.hung_up) {
            Ok(Received::WouldBlock(drained)) => Next::Wait(State::Linger(self), drained),
            Ok(Received::End) => Next::Close,
            Ok(Received::Bytes(count, drained)) => {
                self.drained += count as u64;
                match (self.drained > LINGER_BYTES_MAX, drained) {
                    (true, _) => Next::Close,
                    (false, Some(drained)) => Next::Wait(State::Linger(self), drained),
                    (false, None) if turn.is_over() => Next::GiveWay(State::Linger(self)),
                    (false, None) => Next::Now(State::Linger(self)),
                }
            }
            Err(error) => {
                log::debug!("recv({}): {error}", io.socket);
                Next::Close
            }
        }
    }
}
