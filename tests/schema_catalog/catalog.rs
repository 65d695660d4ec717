//! What the server's catalog says of a schema, as lines of text; `facts` gives the same of what was read.

/// Types with what their domains stand for: the base type, the modifier and whether one of them is NOT NULL.
const BASE: &str = "
    WITH RECURSIVE base (oid, ty, modifier, not_null) AS (
        SELECT oid, oid, NULL::integer, false FROM pg_type WHERE typtype <> 'd'
        UNION ALL
        SELECT t.oid, b.ty, coalesce(b.modifier, nullif(t.typtypmod, -1)), b.not_null OR t.typnotnull
        FROM pg_type t JOIN base b ON t.typbasetype = b.oid WHERE t.typtype = 'd')";

const USER_SCHEMA: &str =
    "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')";

/// Columns: type, NOT NULL, length, alignment, default, generated, identity, collation, storage, n_distinct.
pub fn columns() -> String {
    format!(
        "{BASE}
        SELECT n.nspname || '.' || c.relname, a.attname,
               CASE WHEN en.nspname = 'pg_catalog' THEN format_type(e.oid, coalesce(eb.modifier, b.modifier, nullif(a.atttypmod, -1)))
                    WHEN en.nspname = 'public' THEN e.typname::text ELSE en.nspname || '.' || e.typname END
               || CASE WHEN ae.oid IS NOT NULL THEN '[]' ELSE '' END,
               a.attnotnull OR b.not_null, a.attlen, a.attalign,
               (a.atthasdef OR a.attidentity <> '') AND a.attgenerated = '', a.attgenerated <> '', a.attidentity <> '',
               CASE WHEN a.attcollation <> bt.typcollation AND a.attcollation <> e.typcollation
                    THEN (SELECT collname FROM pg_collation WHERE oid = a.attcollation)::text ELSE '' END,
               CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text ELSE '' END,
               coalesce((SELECT option_value FROM pg_options_to_table(a.attoptions) WHERE option_name = 'n_distinct'), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_type t ON t.oid = a.atttypid JOIN base b ON b.oid = t.oid JOIN pg_type bt ON bt.oid = b.ty
        LEFT JOIN pg_type ae ON ae.typarray = bt.oid JOIN base eb ON eb.oid = coalesce(ae.oid, bt.oid)
        JOIN pg_type e ON e.oid = eb.ty JOIN pg_namespace en ON en.oid = e.typnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND {USER_SCHEMA}"
    )
}

/// Tables: persistence, kind, fill factor, storage parameters, parents, partitioning, bound, CHECKs, triggers.
pub fn tables() -> String {
    format!(
        "SELECT n.nspname || '.' || c.relname, c.relpersistence = 'u', c.relkind = 'm', c.relkind = 'p',
           coalesce((SELECT option_value::numeric / 100 FROM pg_options_to_table(c.reloptions)
                     WHERE option_name = 'fillfactor'), 1)::float8,
           (SELECT coalesce(string_agg(o, ',' ORDER BY o COLLATE \"C\"), '') FROM (SELECT unnest(c.reloptions)
                UNION ALL SELECT 'toast.' || unnest(toast.reloptions)) AS options (o)),
           coalesce((SELECT string_agg(pn.nspname || '.' || p.relname, ',' ORDER BY i.inhseqno) FROM pg_inherits i
                     JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
                     WHERE i.inhrelid = c.oid), ''),
           coalesce((SELECT CASE partstrat WHEN 'r' THEN 'range' WHEN 'l' THEN 'list' ELSE 'hash' END || partnatts
                     FROM pg_partitioned_table WHERE partrelid = c.oid), ''),
           CASE WHEN bound ~ '^FOR VALUES FROM' THEN 'range ' || regexp_count(bound, 'MINVALUE|MAXVALUE')
                WHEN bound ~ '^FOR VALUES IN' THEN 'list'
                WHEN bound ~ '^FOR VALUES WITH' THEN 'hash ' || array_to_string(regexp_match(bound, 'modulus (\\d+), remainder (\\d+)'), ' ')
                ELSE coalesce(bound, '') END,
           (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'),
           (SELECT coalesce(string_agg(tgname, ',' ORDER BY tgname COLLATE \"C\"), '') FROM pg_trigger t
            WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A'))
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
         CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bound
         WHERE c.relkind IN ('r', 'p', 'm', 'f') AND {USER_SCHEMA}"
    )
}

/// Indexes: method, uniqueness, constraint, keys with order, operator class and collation, parameters.
pub fn indexes() -> String {
    format!(
        "SELECT n.nspname || '.' || c.relname, i.relname, am.amname, x.indisunique, x.indisprimary, x.indisexclusion,
           x.indnullsnotdistinct, EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')),
           x.indpred IS NOT NULL,
           (SELECT coalesce(string_agg(o, ',' ORDER BY o COLLATE \"C\"), '') FROM unnest(i.reloptions) AS o),
           (SELECT string_agg(coalesce(a.attname, '<expression>')
                || CASE WHEN k.n > x.indnkeyatts THEN ' included' ELSE
                   CASE WHEN pg_index_column_has_property(i.oid, k.n::int, 'desc') THEN ' desc' ELSE '' END
                   || CASE WHEN o.opcdefault AND (SELECT attoptions FROM pg_attribute WHERE attrelid = i.oid AND attnum = k.n) IS NULL THEN '' ELSE ' ' || o.opcname END
                   || CASE WHEN a.attname IS NULL OR x.indcollation[k.n - 1] IN (0, 100) OR x.indcollation[k.n - 1] = coalesce(a.attcollation, 0) THEN ''
                           ELSE ' ' || (SELECT collname FROM pg_collation WHERE oid = x.indcollation[k.n - 1]) END END,
                ',' ORDER BY k.n)
            FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0
            LEFT JOIN pg_opclass o ON o.oid = x.indclass[k.n - 1])
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
         JOIN pg_am am ON am.oid = i.relam JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {USER_SCHEMA}"
    )
}

/// Foreign keys; those to a partitioned table once, not once more for each of its partitions.
pub fn foreign_keys() -> String {
    format!(
        "SELECT n.nspname || '.' || c.relname,
           (SELECT string_agg(a.attname, ',' ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum),
           fn.nspname || '.' || f.relname,
           (SELECT string_agg(a.attname, ',' ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, n)
            JOIN pg_attribute a ON a.attrelid = f.oid AND a.attnum = u.attnum),
           CASE WHEN k.confdeltype IN ('a', 'r') THEN 'Check' WHEN k.confdeltype = 'c' THEN 'Cascade' ELSE 'Set' END,
           CASE WHEN k.confupdtype IN ('a', 'r') THEN 'Check' WHEN k.confupdtype = 'c' THEN 'Cascade' ELSE 'Set' END
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
         WHERE k.contype = 'f' AND {USER_SCHEMA}
           AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)"
    )
}

/// Sequences with their owners.
pub fn sequences() -> String {
    format!(
        "SELECT n.nspname || '.' || c.relname, s.seqincrement, s.seqcache, c.relpersistence = 'u',
           coalesce((SELECT tn.nspname || '.' || t.relname || '.' || a.attname FROM pg_depend d
                     JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
                     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0), '')
         FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {USER_SCHEMA}"
    )
}

/// Enum types with their labels, and views.
pub fn enums_and_views() -> String {
    format!(
        "SELECT 'enum', n.nspname || '.' || c.typname,
                coalesce((SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = c.oid), '')
         FROM pg_type c JOIN pg_namespace n ON n.oid = c.typnamespace WHERE c.typtype = 'e' AND {USER_SCHEMA}
         UNION ALL
         SELECT 'view', n.nspname || '.' || c.relname, '' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'v' AND {USER_SCHEMA}"
    )
}
