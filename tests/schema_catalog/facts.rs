//! What was read of a schema, as the lines of text that `catalog` gives of the server's.

use std::collections::{BTreeMap, BTreeSet};

use predict::schema::{Column, ForeignKey, Index, PartitionBound, Schema, Storage, Table};

fn full_name(table: &Table) -> String {
    format!("{}.{}", table.name.schema, table.name.name)
}

const fn flag(value: bool) -> &'static str {
    if value { "t" } else { "f" }
}

fn listed(parameters: &BTreeMap<String, String>) -> String {
    parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

pub fn columns(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table, column: &Column| {
        let align = match column.ty.align {
            1 => 'c',
            2 => 's',
            8 => 'd',
            _ => 'i',
        };
        let length = column.ty.fixed_bytes.map_or_else(|| "-1".into(), |b| b.to_string());
        let storage = match column.storage {
            None => "",
            Some(Storage::Plain) => "p",
            Some(Storage::External) => "e",
            Some(Storage::Extended) => "x",
            Some(Storage::Main) => "m",
        };
        format!(
            "{}|{}|{}|{}|{length}|{align}|{}|{}|{}|{}|{storage}|{}",
            full_name(table),
            column.name,
            column.ty.written(),
            flag(column.not_null),
            flag(column.default.is_some()),
            flag(column.generated.is_some()),
            flag(column.identity),
            column.collation.as_deref().unwrap_or(""),
            column.n_distinct.map_or_else(String::new, |d| d.to_string()),
        )
    };
    schema.tables.iter().flat_map(|t| t.columns.iter().map(move |c| line(t, c))).collect()
}

pub fn tables(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table| {
        let parents = table.partition_of.iter().map(|p| p.0).chain(table.inherits.iter().copied());
        let parents: Vec<_> = parents.map(|p| full_name(&schema.tables[p])).collect();
        let by = table.partition_by.as_ref().map(|p| format!("{}{}", p.strategy, p.keys.len())).unwrap_or_default();
        let bound = match table.partition_of.as_ref().map(|p| &p.1) {
            None => String::new(),
            Some(PartitionBound::Default) => "DEFAULT".into(),
            Some(PartitionBound::List(_)) => "list".into(),
            Some(PartitionBound::Hash { modulus, remainder }) => format!("hash {modulus} {remainder}"),
            Some(PartitionBound::Range { from, to }) => {
                format!("range {}", from.iter().chain(to).filter(|end| end.is_none()).count())
            }
        };
        let mut triggers: Vec<_> = table.triggers.iter().map(|t| t.name.as_str()).collect();
        triggers.sort_unstable();
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{by}|{bound}|{}|{}",
            full_name(table),
            flag(table.unlogged),
            flag(table.materialized_view),
            flag(table.partition_by.is_some()),
            table.fillfactor,
            listed(&table.parameters),
            parents.join(","),
            table.checks.len(),
            triggers.join(",")
        )
    };
    schema.tables.iter().map(line).collect()
}

/// A line of an index without what stands behind its keys but DESC.
pub fn without_opclasses(line: &str) -> String {
    let Some((front, keys)) = line.rsplit_once('|') else { return line.to_owned() };
    let keys = keys.split(',').map(|key| {
        let (column, rest) = key.split_once(' ').unwrap_or((key, ""));
        let order = rest.split(' ').find(|word| matches!(*word, "desc" | "included"));
        format!("{column} {}", order.unwrap_or_default())
    });
    format!("{front}|{}", keys.collect::<Vec<_>>().join(","))
}

pub fn indexes(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table, index: &Index| {
        let written = |what: &Option<String>| what.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let key = |k: &predict::schema::IndexKey| {
            let order = if k.descending { " desc" } else { "" };
            match k.column() {
                Some(column) => format!("{column}{order}{}{}", written(&k.opclass), written(&k.collation)),
                // An expression has a collation of its own, which the catalog does not tell from a written one.
                None => format!("<expression>{order}{}", written(&k.opclass)),
            }
        };
        let included = index.include.iter().map(|column| format!("{column} included"));
        let keys: Vec<_> = index.keys.iter().map(key).chain(included).collect();
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
            full_name(table),
            index.name,
            index.method,
            flag(index.unique),
            flag(index.primary),
            flag(index.exclusion),
            flag(index.nulls_not_distinct),
            flag(index.constraint),
            flag(index.predicate.is_some()),
            listed(&index.parameters),
            keys.join(",")
        )
    };
    schema.tables.iter().flat_map(|t| t.indexes.iter().map(move |i| line(t, i))).collect()
}

pub fn foreign_keys(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table, key: &ForeignKey| {
        format!(
            "{}|{}|{}|{}|{:?}|{:?}",
            full_name(table),
            key.columns.join(","),
            full_name(&schema.tables[key.references]),
            key.referenced_columns.join(","),
            key.on_delete,
            key.on_update
        )
    };
    schema.tables.iter().flat_map(|t| t.foreign_keys.iter().map(move |k| line(t, k))).collect()
}

pub fn sequences(schema: &Schema) -> BTreeSet<String> {
    let line = |s: &predict::schema::Sequence| {
        let owner = s.owner.as_ref().map(|(id, column)| format!("{}.{column}", full_name(&schema.tables[*id])));
        let owner = owner.unwrap_or_default();
        format!("{}.{}|{}|{}|{}|{owner}", s.name.schema, s.name.name, s.increment, s.cache, flag(s.unlogged))
    };
    schema.sequences.iter().map(line).collect()
}

pub fn enums_and_views(schema: &Schema) -> BTreeSet<String> {
    let enums = schema.enums.iter().map(|(name, labels)| {
        format!("enum|{}.{}|{}", name.schema.as_deref().unwrap_or("public"), name.name, labels.join(","))
    });
    enums.chain(schema.views.iter().map(|v| format!("view|{}.{}|", v.name.schema, v.name.name))).collect()
}
