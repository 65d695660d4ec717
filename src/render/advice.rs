//! What to do about a bottleneck, in words.

/// How a station's load is made smaller; several ways, cheapest to try first.
#[must_use]
pub fn for_station(station: &str) -> &'static str {
    match station {
        "server_cpu" => {
            "give the server more or faster cores, or make the dearest statements cheaper \
             (`predict explain` lists what each costs)"
        }
        "client_cpu" => "give the clients more cores, or move them off the server's host",
        "wal_flush" => {
            "use storage that flushes faster (`machine.storage.fsync`), put more work into one commit, or set \
             synchronous_commit = off where losing the last moments before a crash is acceptable"
        }
        "wal_write" => {
            "write less WAL (fewer indexes, HOT updates, wal_compression, a larger max_wal_size for fewer full-page \
             images), or give the WAL more write bandwidth"
        }
        "data_read" => {
            "let more of the data fit into memory (`machine.memory`, `machine.postgresql.shared_buffers`), or use \
             storage that reads faster"
        }
        "data_write" => {
            "spread checkpoints further apart (max_wal_size, checkpoint_timeout), touch fewer pages per transaction, \
             or use storage that writes faster"
        }
        "row_locks" => {
            "spread the contended row over several rows, or touch it last in the transaction, so that it is locked \
             for a shorter time"
        }
        "internal_locks" => "run fewer clients at a time, behind a connection pool; more cores do not help here",
        "connection_pool" => "make the pool larger (`workload.connections.pool`), or transactions shorter",
        "network" => {
            "put clients closer to the server, or send fewer messages per transaction (pipelining, one statement in place of several)"
        }
        "think" => "run more clients: they are idle most of the time and the server is not",
        _ => "reduce the time spent there",
    }
}

/// What `tps_if_relieved` supposes, as the beginning of a sentence.
#[must_use]
pub fn relief(station: &str) -> String {
    match station {
        "row_locks" => "With ten times as many rows to contend for".into(),
        "connection_pool" => "With a connection pool ten times as large".into(),
        "think" => "With pauses a tenth as long".into(),
        "network" => "With network round trips a tenth as long".into(),
        "server_cpu" | "client_cpu" => format!("With a tenth of the demand on {}", in_words(station)),
        _ => format!("With {} ten times as fast", in_words(station)),
    }
}

/// The station in plain words.
#[must_use]
pub fn in_words(station: &str) -> &str {
    match station {
        "server_cpu" => "the server's CPU",
        "client_cpu" => "the clients' CPU",
        "wal_flush" => "WAL flushes at commit",
        "wal_write" => "writes of WAL",
        "data_read" => "reads of data pages",
        "data_write" => "writes of data pages",
        "row_locks" => "row locks",
        "internal_locks" => "PostgreSQL's internal locks",
        "connection_pool" => "the connection pool",
        "network" => "network round trips",
        "think" => "the clients' own pauses",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::metric::STATIONS;

    #[test]
    fn every_station_has_words_and_advice_of_its_own() {
        let advice: std::collections::BTreeSet<_> = STATIONS.iter().map(|s| for_station(s)).collect();
        assert_eq!(advice.len(), STATIONS.len());
        assert!(STATIONS.iter().all(|s| in_words(s) != *s && for_station(s) != for_station("?")));
    }
}
