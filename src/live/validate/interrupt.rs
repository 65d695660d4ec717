//! Ctrl-C: the sessions of the scratch database are ended and it is dropped; the run then ends by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::live::validate::database::ScratchDatabase;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static GUARDED: Mutex<Option<Weak<ScratchDatabase>>> = Mutex::new(None);
static INSTALLED: OnceLock<()> = OnceLock::new();

/// From now on Ctrl-C and SIGTERM drop this database.
pub fn guard(database: &Arc<ScratchDatabase>) {
    *GUARDED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(database));
    INSTALLED.get_or_init(|| {
        // Where no handler can be installed, Ctrl-C ends the program at once, and the next run tidies up.
        let _ = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::SeqCst) {
                return;
            }
            let guarded = GUARDED.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade);
            // Ending its sessions ends the statement under way, or pgbench. What fails here is tried again, and
            // told, when the run ends.
            if let Some(database) = guarded {
                let _ = database.drop_now();
            }
        });
    });
}

/// Whether the run is to end.
#[must_use]
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
