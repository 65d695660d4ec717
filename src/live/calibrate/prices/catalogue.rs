//! The probes: each holds something that the others do not, or as much more of it.

use super::probe::Probe;
use crate::workload::Protocol;

const TINY: &[(&str, u32, u32)] = &[("x", 1, 2_000)];
const MIDDLE: &[(&str, u32, u32)] = &[("x", 1, 200_000)];
const LARGE: &[(&str, u32, u32)] = &[("x", 1, 2_000_000)];
const START: &[(&str, u32, u32)] = &[("x", 1, 190_000)];
const TEN_THOUSAND: &[(&str, u32, u32)] = &[("x", 1, 10_000)];
const FIFTY: &[(&str, u32, u32)] = &[("x", 0, 49)];
const CHANGED: &[(&str, u32, u32)] = &[("x", 1, 50_000), ("y", 1, 50_000)];
const COUNTER: &[(&str, u32, u32)] = &[("x", 1, 20_000)];
const THREE: &[(&str, u32, u32)] = &[("x", 1, 200_000), ("y", 1, 200_000), ("z", 1, 200_000)];
const PARENTS: &[(&str, u32, u32)] = &[("x", 1, 50_000), ("y", 1, 50_000), ("z", 1, 50_000)];

/// The probes, reads first: what is written later does not change what they read.
pub const PROBES: &[Probe] = &[
    Probe::prepared("select 1", &[], &["SELECT 1"]),
    Probe::prepared("key, tiny table", TINY, &["SELECT v FROM tiny WHERE id = :x"]),
    Probe::prepared("key, middle table", MIDDLE, &["SELECT v FROM middle WHERE id = :x"]),
    Probe::prepared("key, large table", LARGE, &["SELECT v FROM large WHERE id = :x"]),
    Probe::prepared("second index, one row", MIDDLE, &["SELECT v FROM middle WHERE k = :x"]),
    Probe::prepared("second index, 100 scattered rows", TINY, &["SELECT sum(v) FROM middle WHERE a = :x"]),
    Probe::prepared("range of 10, sent", START, &["SELECT v FROM middle WHERE id >= :x ORDER BY id LIMIT 10"]),
    Probe::prepared("range of 100, sent", START, &["SELECT v FROM middle WHERE id >= :x ORDER BY id LIMIT 100"]),
    Probe::prepared("range of 1000, summed", START, &["SELECT sum(v) FROM middle WHERE id BETWEEN :x AND :x + 999"]),
    Probe::prepared(
        "key of three columns",
        &[("x", 0, 19), ("y", 0, 99), ("z", 0, 99)],
        &["SELECT v FROM multi WHERE a = :x AND b = :y AND c = :z"],
    ),
    Probe::prepared("key of text", MIDDLE, &["SELECT v FROM by_text WHERE code = 'user-' || :x"]),
    Probe::prepared("scan, integer", TEN_THOUSAND, &["SELECT v FROM tiny WHERE v = :x"]),
    Probe::prepared("scan, counted", &[], &["SELECT count(g) FROM scanned"]),
    Probe::prepared("scan, three tests", FIFTY, &["SELECT id FROM scanned WHERE g <> :x AND r > 0 AND i = 0"]),
    Probe::prepared("scan, text equal", &[], &["SELECT id FROM scanned WHERE t = 'c4ca4238a0b923820dcc509a6f75849b'"]),
    Probe::prepared("scan, text like", &[], &["SELECT id FROM scanned WHERE t LIKE '%none of it%'"]),
    Probe::prepared("scan, numeric", &[], &["SELECT id FROM scanned WHERE n > 1000000.5"]),
    Probe::prepared("sum of integers", &[], &["SELECT sum(i), max(r) FROM scanned"]),
    Probe::prepared("sum of numerics", &[], &["SELECT sum(n) FROM scanned"]),
    Probe::prepared("numeric arithmetic", &[], &["SELECT sum(n * 1.5 + 2) FROM scanned"]),
    Probe::prepared("groups by integer", &[], &["SELECT g, count(*) FROM scanned GROUP BY g"]),
    Probe::prepared("groups by text", &[], &["SELECT s, count(*) FROM scanned GROUP BY s"]),
    Probe::prepared("distinct text", &[], &["SELECT DISTINCT t FROM thousand OFFSET 999"]),
    Probe::prepared("sort of integers", &[], &["SELECT i FROM thousand ORDER BY i OFFSET 999"]),
    Probe::prepared("sort of numerics", &[], &["SELECT n FROM thousand ORDER BY n OFFSET 999"]),
    Probe::prepared("sort of text", &[], &["SELECT t FROM thousand ORDER BY t OFFSET 999"]),
    Probe::prepared("sort of text by language", &[], &["SELECT l FROM thousand ORDER BY l OFFSET 999"]),
    Probe::prepared(
        "join of two",
        MIDDLE,
        &["SELECT m.v, t.v FROM middle m JOIN tiny t ON t.id = m.a WHERE m.id = :x"],
    ),
    Probe::prepared(
        "join of three",
        MIDDLE,
        &["SELECT m.v, t.v, l.v FROM middle m JOIN tiny t ON t.id = m.a JOIN large l ON l.id = m.k WHERE m.id = :x"],
    ),
    Probe::prepared("hash join", &[], &["SELECT count(*) FROM scanned s JOIN thousand t ON t.id = s.r"]),
    Probe::prepared("hash join, large table of it", &[], &["SELECT count(*) FROM tiny a JOIN tiny b ON b.id = a.v"]),
    Probe::prepared("planned each time", LARGE, &["SELECT sum(v) FROM large WHERE id BETWEEN :x AND :x + 9"]),
    Probe::prepared(
        "twenty keys at once",
        TINY,
        &[
            "SELECT v FROM tiny WHERE id IN (:x, :x + 1, :x + 3, :x + 7, :x + 15, :x + 31, :x + 63, :x + 127, :x + 255, :x + 511, :x - 1, :x - 3, :x - 7, :x - 15, :x - 31, :x - 63, :x - 127, :x - 255, :x - 511, :x + 2)",
        ],
    ),
    Probe::prepared("wide row", TINY, &["SELECT * FROM wide WHERE id = :x"]),
    Probe::prepared("row of 20 columns", TINY, &["SELECT * FROM columns20 WHERE id = :x"]),
    Probe::prepared("1000 rows sent", &[], &["SELECT i FROM thousand"]),
    Probe::prepared("1000 rows of four columns sent", &[], &["SELECT id, n, t, ts FROM thousand"]),
    Probe::prepared("volatile per row", &[], &["SELECT max(random()) FROM thousand"]),
    Probe::prepared("stable per row", &[], &["SELECT count(*) FROM thousand WHERE ts > now() - interval '1 hour'"]),
    Probe::prepared("functions", &[], &["SELECT clock_timestamp(), random(), now()"]),
    Probe::prepared("key, simple", MIDDLE, &["SELECT v FROM middle WHERE id = :x"]).by(Protocol::Simple),
    Probe::prepared(
        "join of two, simple",
        MIDDLE,
        &["SELECT m.v, t.v FROM middle m JOIN tiny t ON t.id = m.a WHERE m.id = :x"],
    )
    .by(Protocol::Simple),
    Probe::prepared("key, extended", MIDDLE, &["SELECT v FROM middle WHERE id = :x"]).by(Protocol::Extended),
    Probe::prepared(
        "transaction of four reads",
        &[("x", 1, 200_000), ("y", 1, 200_000), ("z", 1, 2_000)],
        &[
            "SELECT v FROM middle WHERE id = :x",
            "SELECT v FROM middle WHERE id = :y",
            "SELECT v FROM tiny WHERE id = :z",
            "SELECT 1",
        ],
    ),
    Probe::prepared("sequence", &[], &["SELECT nextval('drawn')"]),
    Probe::prepared("lock a row", CHANGED, &["SELECT v FROM changed WHERE id = :x FOR UPDATE"]),
    Probe::prepared("update in place", CHANGED, &["UPDATE changed SET v = v + 1 WHERE id = :x"]),
    Probe::prepared("update in place, wide", COUNTER, &["UPDATE changed_wide SET v = v + 1 WHERE id = :x"]),
    Probe::prepared("update of an indexed column", CHANGED, &["UPDATE changed SET k = :y WHERE id = :x"]),
    Probe::prepared(
        "transaction of three updates",
        CHANGED,
        &[
            "UPDATE changed SET v = v + 1 WHERE id = :x",
            "UPDATE counter SET v = v + 1 WHERE id = :y % 20000 + 1",
            "UPDATE replaced SET v = v + 1 WHERE id = :y",
        ],
    ),
    Probe::prepared(
        "insert, no index",
        THREE,
        &["INSERT INTO log0 (a, b, t) VALUES (:x, :y, 'twenty characters ...')"],
    ),
    Probe::prepared("insert, wide", TINY, &["INSERT INTO wide_copy SELECT * FROM wide WHERE id = :x"]),
    Probe::prepared(
        "insert of ten rows",
        THREE,
        &["INSERT INTO few3 (a, b, c) SELECT :x, g, :y FROM generate_series(1, 10) g"],
    ),
    Probe::prepared("insert, serial key", THREE, &["INSERT INTO serial1 (a, b) VALUES (:x, :y)"]),
    Probe::prepared("insert, 3 small indexes", THREE, &["INSERT INTO few3 (a, b, c) VALUES (:x, :y, :z)"]),
    Probe::prepared("insert, 1 big index", THREE, &["INSERT INTO big1 (a, b, c) VALUES (:x, :y, :z)"]),
    Probe::prepared("insert, 3 big indexes", THREE, &["INSERT INTO big3 (a, b, c) VALUES (:x, :y, :z)"]),
    Probe::prepared(
        "insert, 5 big indexes",
        THREE,
        &["INSERT INTO big5 (a, b, c, d, e) VALUES (:x, :y, :z, :y + 1, :z + 1)"],
    ),
    Probe::prepared(
        "delete and insert",
        MIDDLE,
        &["DELETE FROM replaced WHERE id = :x", "INSERT INTO replaced (id, v) VALUES (nextval('drawn') + 1000000, 0)"],
    ),
    Probe::prepared("insert, 1 foreign key", PARENTS, &["INSERT INTO child1 (p, v) VALUES (:x, 0)"]),
    Probe::prepared("insert, 3 foreign keys", PARENTS, &["INSERT INTO child3 (p, q, r, v) VALUES (:x, :y, :z, 0)"]),
    Probe::prepared(
        "upsert that updates",
        COUNTER,
        &["INSERT INTO counter (id, v) VALUES (:x, 1) ON CONFLICT (id) DO UPDATE SET v = counter.v + 1"],
    ),
    Probe::prepared("update, simple", CHANGED, &["UPDATE changed SET v = v + 1 WHERE id = :x"]).by(Protocol::Simple),
];

/// Statements of other kinds, to see how well the fitted prices explain what they were not fitted to.
pub const OTHERS: &[Probe] = &[
    Probe::prepared(
        "join of a range of 50",
        START,
        &["SELECT m.v, t.v FROM middle m JOIN tiny t ON t.id = m.a WHERE m.id BETWEEN :x AND :x + 49"],
    ),
    Probe::prepared(
        "upsert with three indexes",
        THREE,
        &["INSERT INTO indexed3 (id, a, b) VALUES (:x, :y, :z) ON CONFLICT (id) DO UPDATE SET a = EXCLUDED.a"],
    ),
    Probe::prepared("distinct and sorted text", &[], &["SELECT DISTINCT s FROM scanned WHERE g < 25 ORDER BY s"]),
    Probe::prepared("report by group", &[], &["SELECT g, sum(n), avg(i) FROM scanned GROUP BY g ORDER BY g"]),
    Probe::prepared("top ten by text", &[], &["SELECT id, l FROM thousand ORDER BY l LIMIT 10"]),
    Probe::prepared(
        "part of a key of three columns",
        &[("x", 0, 19), ("y", 0, 99)],
        &["SELECT sum(v) FROM multi WHERE a = :x AND b = :y"],
    ),
    Probe::prepared(
        "transaction of five",
        &[("x", 1, 50_000), ("y", 1, 2_000)],
        &[
            "UPDATE changed SET v = v + 1 WHERE id = :x",
            "SELECT v FROM changed WHERE id = :x",
            "UPDATE counter SET v = v + 1 WHERE id = :y",
            "INSERT INTO log0 (a, b, t) VALUES (:x, :y, 'twenty characters ...')",
        ],
    ),
    Probe::prepared(
        "ten keys at once",
        &[("x", 1, 190_000)],
        &[
            "SELECT v FROM middle WHERE id IN (:x, :x + 11, :x + 222, :x + 3333, :x + 444, :x + 555, :x + 666, :x + 777, :x + 888, :x + 999)",
        ],
    ),
    Probe::prepared(
        "scan, text like and numeric",
        &[],
        &["SELECT count(*) FROM scanned WHERE n > 500 AND t LIKE '%none%'"],
    ),
    Probe::prepared("last twenty", &[], &["SELECT * FROM thousand ORDER BY id DESC LIMIT 20"]),
    Probe::prepared(
        "ten rows in one insert",
        THREE,
        &[
            "INSERT INTO few3 (a, b, c) VALUES (:x, 1, :y), (:y, 2, :z), (:z, 3, :x), (:x + 1, 4, :y), (:y + 1, 5, :z), (:z + 1, 6, :x), (:x + 2, 7, :y), (:y + 2, 8, :z), (:z + 2, 9, :x), (:x + 3, 0, :y)",
        ],
    ),
    Probe::prepared(
        "rows that have others",
        &[],
        &["SELECT count(*) FROM thousand t WHERE EXISTS (SELECT 1 FROM scanned s WHERE s.r = t.id)"],
    ),
    Probe::prepared(
        "update of twenty rows",
        COUNTER,
        &["UPDATE counter SET v = v + 1 WHERE id BETWEEN :x AND :x + 19"],
    ),
    Probe::prepared(
        "read and change, extended",
        CHANGED,
        &["SELECT v FROM changed WHERE id = :x", "UPDATE changed SET v = :y WHERE id = :x"],
    )
    .by(Protocol::Extended),
];
