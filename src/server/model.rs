//! What holds the server's room together, run through all interleavings of a few threads by a model
//! checker: who owns a slot's value, who holds a ticket, and the queue for dear work.
//!
//! `.ci/run` has the command. A model is small: two or three threads, one act each.

use super::duty::Duty;
use super::slot::{News, Slot};
use super::tickets::{Dear, Role, Ticket, Tickets};
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex, mpsc};
use loom::thread;

/// A value, and what its owners have seen of it.
struct Watched {
    slot: Slot<usize>,
    /// Whether somebody acts on the value.
    is_acted_on: AtomicBool,
    /// Each value that was acted on, with the news.
    acts: Mutex<Vec<(usize, News)>>,
}

impl Watched {
    fn new(value: usize) -> Arc<Watched> {
        let slot = Slot::empty();
        slot.put(value);
        Arc::new(Watched {
            slot,
            is_acted_on: AtomicBool::new(false),
            acts: Mutex::new(Vec::new()),
        })
    }

    /// Brings `news`; `end` says what to do as the owner of the value beside noting it.
    fn attend(&self, news: News, mut end: impl FnMut(&mut Option<usize>)) {
        self.slot.attend(news, |place, news| {
            assert!(!self.is_acted_on.swap(true, Ordering::Relaxed), "two owners");
            if let Some(value) = *place {
                self.acts.lock().expect("no panic").push((value, news));
            }
            end(place);
            self.is_acted_on.store(false, Ordering::Relaxed);
        });
    }

    /// Whether `value` was acted on because of `news`.
    fn has_seen(&self, value: usize, news: News) -> bool {
        let acts = self.acts.lock().expect("no panic");
        acts.iter().any(|&(acted_on, seen)| acted_on == value && seen.says(news))
    }
}

#[test]
fn no_news_is_lost_and_nobody_shares_a_value() {
    loom::model(|| {
        let watched = Watched::new(1);
        let others = [News::READY, News::LOOK].map(|news| {
            let watched = Arc::clone(&watched);
            thread::spawn(move || watched.attend(news, |_| {}))
        });
        watched.attend(News::DEAR, |_| {});
        others.into_iter().for_each(|other| other.join().expect("no panic"));
        for news in [News::READY, News::LOOK, News::DEAR] {
            assert!(watched.has_seen(1, news), "{news:?} is lost");
        }
    });
}

#[test]
fn the_same_news_twice_is_acted_on_after_the_second_time() {
    loom::model(|| {
        let watched = Watched::new(1);
        let bytes = Arc::new(AtomicUsize::new(0));
        let taken = Arc::new(AtomicUsize::new(0));
        let receive = |watched: &Watched, bytes: &AtomicUsize, taken: &AtomicUsize| {
            bytes.fetch_add(1, Ordering::Release);
            watched.attend(News::READY, |_| {
                taken.store(bytes.load(Ordering::Acquire), Ordering::Release);
            });
        };
        let other = {
            let (watched, bytes, taken) =
                (Arc::clone(&watched), Arc::clone(&bytes), Arc::clone(&taken));
            thread::spawn(move || receive(&watched, &bytes, &taken))
        };
        receive(&watched, &bytes, &taken);
        other.join().expect("no panic");
        assert_eq!(taken.load(Ordering::Acquire), 2, "a byte is left lying");
    });
}

#[test]
fn a_number_that_is_used_again_does_no_harm() {
    loom::model(|| {
        let watched = Watched::new(1);
        let (closed, is_closed) = mpsc::channel();
        let closed = Arc::new(Mutex::new(Some(closed)));
        // The owner that learns of the end of the first connection closes it; its number is free
        // then.
        let attend = |watched: &Watched, closed: &Mutex<Option<mpsc::Sender<()>>>, news| {
            watched.attend(news, |place| {
                if *place == Some(1) && watched.has_seen(1, News::HUNG_UP) {
                    *place = None;
                    if let Some(closed) = closed.lock().expect("no panic").take() {
                        closed.send(()).expect("somebody waits");
                    }
                }
            });
        };
        // Somebody comes late with news for it.
        let others = [News::HUNG_UP, News::LOOK].map(|news| {
            let (watched, closed) = (Arc::clone(&watched), Arc::clone(&closed));
            thread::spawn(move || attend(&watched, &closed, news))
        });
        is_closed.recv().expect("an end");
        watched.slot.put(2);
        attend(&watched, &closed, News::READY);
        others.into_iter().for_each(|other| other.join().expect("no panic"));
        assert!(watched.has_seen(2, News::READY), "the new connection waits for ever");
        let mut left = None;
        watched.slot.attend(News::LOOK, |place, _| left = *place);
        assert_eq!(left, Some(2), "the new connection is gone");
    });
}

#[test]
fn a_ticket_is_with_one_of_the_worker_and_the_watcher() {
    loom::model(|| {
        let duty = Arc::new(Duty::new());
        duty.begin(true);
        let watcher = {
            let duty = Arc::clone(&duty);
            thread::spawn(move || duty.take_from(duty.look()))
        };
        let mut keeps = duty.end();
        if keeps {
            duty.begin(true);
            keeps = duty.end();
        }
        let is_taken = watcher.join().expect("no panic");
        assert_ne!(keeps, is_taken, "the ticket is with two, or with none");
        assert!(!duty.look().is_busy(), "the turn is over");
    });
}

#[test]
fn a_ticket_is_given_up_or_taken_and_never_both() {
    loom::model(|| {
        let duty = Arc::new(Duty::new());
        duty.begin(true);
        let watcher = {
            let duty = Arc::clone(&duty);
            thread::spawn(move || duty.take_from(duty.look()))
        };
        let is_given_up = duty.give_up();
        let keeps = duty.end();
        let is_taken = watcher.join().expect("no panic");
        assert_ne!(is_given_up, is_taken);
        assert!(!keeps);
    });
}

#[test]
fn a_ticket_passed_on_reaches_the_spare() {
    loom::model(|| {
        let tickets = Arc::new(Tickets::new([], 1, 1));
        let spare = {
            let tickets = Arc::clone(&tickets);
            thread::spawn(move || tickets.take())
        };
        let ticket = Ticket { role: Role::Wait, from: Some(0) };
        if tickets.pass_on(ticket).is_err() {
            tickets.lay_down(ticket);
        }
        assert_eq!(spare.join().expect("no panic"), Some(ticket));
    });
}

#[test]
fn nobody_who_queues_for_dear_work_is_forgotten_and_the_bound_holds() {
    loom::model(|| {
        let tickets = Arc::new(Tickets::new([], 1, 1));
        let at_work = Arc::new(AtomicUsize::new(0));
        let comers = [1, 2].map(|number| {
            let tickets = Arc::clone(&tickets);
            thread::spawn(move || tickets.queue(Dear::Listing, number))
        });
        let mut done = Vec::new();
        while done.len() < 2 {
            let ticket = tickets.take().expect("they are open");
            assert_eq!(ticket.role, Role::Dear(Dear::Listing));
            assert_eq!(at_work.fetch_add(1, Ordering::AcqRel), 0);
            done.extend(std::iter::from_fn(|| tickets.next(Dear::Listing)));
            at_work.fetch_sub(1, Ordering::AcqRel);
        }
        comers.into_iter().for_each(|comer| comer.join().expect("no panic"));
        done.sort_unstable();
        assert_eq!(done, [1, 2]);
    });
}
