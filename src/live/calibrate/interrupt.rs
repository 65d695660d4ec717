//! Ctrl-C and SIGTERM: the run ends in order, its scratch schema removed.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::live::calibrate::scratch::end_sessions;
use crate::live::{Conninfo, LiveError};

/// Exit code of a run that was interrupted twice and left at once.
const IMPATIENT: i32 = 2;

/// Whether the run was asked to stop, and how the sessions that keep it busy are ended.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    scratch: Arc<Mutex<Option<(Conninfo, String)>>>,
}

impl Interrupt {
    /// Takes over Ctrl-C, SIGTERM and SIGHUP of this process, which only a program may do, and once.
    ///
    /// The first signal ends the sessions of the run, again and again until it has noticed: what waits for pgbench or
    /// for a statement then goes on, and takes the way out of any error. A second one leaves at once.
    #[must_use]
    pub fn handled() -> Self {
        let interrupt = Self::default();
        let handler = interrupt.clone();
        // Refused where another handler is in place: then signals end the program as they did before.
        let _ = ctrlc::set_handler(move || {
            if handler.asked.swap(true, Ordering::SeqCst) {
                if let Some((_, name)) = handler.target() {
                    eprintln!(
                        "left at once; the scratch schema stays until the next run, or: DROP SCHEMA {name} CASCADE"
                    );
                }
                process::exit(IMPATIENT);
            }
            let ending = handler.clone();
            thread::spawn(move || ending.end_sessions());
        });
        interrupt
    }

    /// Names the run whose sessions are to be ended.
    pub fn arm(&self, conninfo: &Conninfo, name: &str) {
        *self.scratch.lock().unwrap_or_else(PoisonError::into_inner) = Some((conninfo.clone(), name.to_owned()));
    }

    /// The run is over: nothing of it is left to be ended.
    pub fn disarm(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Goes on unless the run was asked to stop.
    ///
    /// # Errors
    /// [`LiveError::Interrupted`].
    pub fn check(&self) -> Result<(), LiveError> {
        if self.asked.load(Ordering::SeqCst) { Err(LiveError::Interrupted) } else { Ok(()) }
    }

    /// What an error means: a session that was ended on purpose is no failure of its own.
    #[must_use]
    pub fn explain(&self, error: LiveError) -> LiveError {
        if self.check().is_err() { LiveError::Interrupted } else { error }
    }

    fn target(&self) -> Option<(Conninfo, String)> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end_sessions(&self) {
        let Some((conninfo, name)) = self.target() else { return };
        let Ok(mut client) = conninfo.connect() else { return };
        while !self.over.load(Ordering::SeqCst) {
            if end_sessions(&mut client, &name).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}
