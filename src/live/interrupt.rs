//! Ctrl-C, SIGTERM and SIGHUP: a run ends in order, and what it made on the server is removed.

use std::fmt::Debug;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::live::LiveError;

/// Exit code of a run that was left at once.
const IMPATIENT: i32 = 2;

/// What a run has on a server.
pub trait Undertaking: Debug + Send + Sync {
    /// Ends its sessions, until the run is `over`: what waits for pgbench or for a statement then goes on, and takes
    /// the way out of any error. What fails here is told by the run itself.
    fn end(&self, over: &dyn Fn() -> bool);

    /// What stays when the program is left at once, and what removes it.
    fn left_behind(&self) -> String;
}

/// Whether a run was asked to stop, and what of it is to be ended then.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: AtomicBool,
    over: AtomicBool,
    undertaking: Mutex<Option<Arc<dyn Undertaking>>>,
}

impl Interrupt {
    /// Takes over Ctrl-C, SIGTERM and SIGHUP of this process, which only a program may do, and once.
    ///
    /// The first signal ends what the run has on the server. A second one leaves at once, as does the first where
    /// there is nothing on the server.
    #[must_use]
    pub fn handled() -> Self {
        let interrupt = Self::default();
        let handler = interrupt.clone();
        // Refused where another handler is in place: then signals end the program as they did before.
        let _ = ctrlc::set_handler(move || {
            if !handler.signalled() {
                process::exit(IMPATIENT);
            }
        });
        interrupt
    }

    /// Names what is to be ended. From then on the run looks whether it was asked to stop, or notices by an error.
    pub fn arm(&self, undertaking: Arc<dyn Undertaking>) {
        *self.0.undertaking.lock().unwrap_or_else(PoisonError::into_inner) = Some(undertaking);
    }

    /// The run is over: nothing of it is left to be ended.
    pub fn disarm(&self) {
        self.0.over.store(true, Ordering::SeqCst);
        *self.0.undertaking.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Goes on unless the run was asked to stop.
    ///
    /// # Errors
    /// [`LiveError::Interrupted`].
    pub fn check(&self) -> Result<(), LiveError> {
        if self.asked() { Err(LiveError::Interrupted) } else { Ok(()) }
    }

    /// What an error means: a session that was ended on purpose is no failure of its own.
    #[must_use]
    pub fn explain<E: From<LiveError>>(&self, error: E) -> E {
        if self.asked() { LiveError::Interrupted.into() } else { error }
    }

    /// Takes a signal; false when the program is to be left at once.
    fn signalled(&self) -> bool {
        let again = self.0.asked.swap(true, Ordering::SeqCst);
        let undertaking = self.0.undertaking.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match undertaking {
            Some(undertaking) if !again => {
                let state = Arc::clone(&self.0);
                // The handler has to be free for a second signal.
                thread::spawn(move || undertaking.end(&|| state.over.load(Ordering::SeqCst)));
                true
            }
            Some(undertaking) => {
                eprintln!("left at once; {}", undertaking.left_behind());
                false
            }
            None => {
                eprintln!("error: {}", LiveError::Interrupted);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Sender};
    use std::time::Duration;

    use super::*;

    #[derive(Debug)]
    struct Told(Sender<()>);

    impl Undertaking for Told {
        fn end(&self, over: &dyn Fn() -> bool) {
            while !over() {
                thread::sleep(Duration::from_millis(1));
            }
            self.0.send(()).unwrap();
        }
        fn left_behind(&self) -> String {
            "a trace".to_owned()
        }
    }

    #[test]
    fn the_first_signal_ends_the_undertaking_and_the_second_the_program() {
        let (sender, receiver) = mpsc::channel();
        let interrupt = Interrupt::default();
        interrupt.arm(Arc::new(Told(sender)));
        let refused = || LiveError::Sql { message: "terminating connection".to_owned() };
        assert!(interrupt.check().is_ok() && matches!(interrupt.explain(refused()), LiveError::Sql { .. }));
        assert!(interrupt.signalled());
        assert!(interrupt.check().is_err() && matches!(interrupt.explain(refused()), LiveError::Interrupted));
        assert!(receiver.try_recv().is_err(), "it is being ended until the run is over");
        assert!(!interrupt.signalled());
        interrupt.disarm();
        receiver.recv_timeout(Duration::from_secs(10)).unwrap();
    }

    #[test]
    fn without_an_undertaking_the_first_signal_ends_the_program() {
        assert!(!Interrupt::default().signalled());
    }
}
