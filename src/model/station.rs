//! The names of the stations; scripts depend on them.

/// A place where a transaction spends time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StationName {
    /// CPU of the database server.
    ServerCpu,
    /// CPU of the load generator.
    ClientCpu,
    /// The flush of the WAL at commit.
    WalFlush,
    /// Writing WAL: bandwidth.
    WalWrite,
    /// Random reads of pages in neither cache.
    DataRead,
    /// Dirty pages written back.
    DataWrite,
    /// Waiting for row locks.
    RowLocks,
    /// Contention inside the server (buffer, WAL insertion and lock-manager locks).
    InternalLocks,
    /// Waiting for a connection.
    ConnectionPool,
    /// Round trips on the wire.
    Network,
    /// Think time and sleeps.
    Think,
}

impl StationName {
    /// All stations, in the order in which they are shown.
    pub const ALL: [Self; 11] = [
        Self::ServerCpu,
        Self::ClientCpu,
        Self::WalFlush,
        Self::WalWrite,
        Self::DataRead,
        Self::DataWrite,
        Self::RowLocks,
        Self::InternalLocks,
        Self::ConnectionPool,
        Self::Network,
        Self::Think,
    ];

    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerCpu => "server_cpu",
            Self::ClientCpu => "client_cpu",
            Self::WalFlush => "wal_flush",
            Self::WalWrite => "wal_write",
            Self::DataRead => "data_read",
            Self::DataWrite => "data_write",
            Self::RowLocks => "row_locks",
            Self::InternalLocks => "internal_locks",
            Self::ConnectionPool => "connection_pool",
            Self::Network => "network",
            Self::Think => "think",
        }
    }

    /// In words, for sentences.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ServerCpu => "the server's CPU",
            Self::ClientCpu => "the client's CPU",
            Self::WalFlush => "WAL flushes at commit",
            Self::WalWrite => "WAL write bandwidth",
            Self::DataRead => "reads of pages that are not cached",
            Self::DataWrite => "writing back dirty pages",
            Self::RowLocks => "row locks",
            Self::InternalLocks => "locks inside the server",
            Self::ConnectionPool => "the connection pool",
            Self::Network => "network round trips",
            Self::Think => "think time and sleeps",
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}
