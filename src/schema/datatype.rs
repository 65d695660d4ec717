//! Types: the server's own with their sizes, and those a schema defines.

use std::collections::HashMap;

use super::types::{DataType, TableName, TypeFamily};
use crate::sql::ddl::{ColumnDef, TypeKind, TypeRef};
use crate::sql::tree::QualifiedName;

use TypeFamily::{Bytes, Json, Machine, Numeric, Other, Text};

/// A type of pg_type: its other spellings, typlen (`None`: -1) and typalign.
struct BuiltIn {
    names: &'static [&'static str],
    bytes: Option<u32>,
    align: u32,
    family: TypeFamily,
}

const fn fixed(names: &'static [&'static str], bytes: u32, align: u32, family: TypeFamily) -> BuiltIn {
    BuiltIn { names, bytes: Some(bytes), align, family }
}

const fn varlena(names: &'static [&'static str], align: u32, family: TypeFamily) -> BuiltIn {
    BuiltIn { names, bytes: None, align, family }
}

/// The types of PostgreSQL 15's pg_type (typlen, typalign) that a column may have, and those of
/// well-known extensions; format_type's name first.
const BUILT_IN: &[BuiltIn] = &[
    fixed(&["boolean", "bool"], 1, 1, Machine),
    fixed(&["\"char\""], 1, 1, Machine),
    fixed(&["smallint", "int2"], 2, 2, Machine),
    fixed(&["integer", "int", "int4"], 4, 4, Machine),
    fixed(&["bigint", "int8"], 8, 8, Machine),
    fixed(&["real", "float4"], 4, 4, Machine),
    fixed(&["double precision", "float8"], 8, 8, Machine),
    fixed(&["oid"], 4, 4, Machine),
    fixed(&["regclass"], 4, 4, Machine),
    fixed(&["regproc"], 4, 4, Machine),
    fixed(&["regprocedure"], 4, 4, Machine),
    fixed(&["regoper"], 4, 4, Machine),
    fixed(&["regoperator"], 4, 4, Machine),
    fixed(&["regtype"], 4, 4, Machine),
    fixed(&["regrole"], 4, 4, Machine),
    fixed(&["regnamespace"], 4, 4, Machine),
    fixed(&["regconfig"], 4, 4, Machine),
    fixed(&["regdictionary"], 4, 4, Machine),
    fixed(&["regcollation"], 4, 4, Machine),
    fixed(&["xid"], 4, 4, Machine),
    fixed(&["cid"], 4, 4, Machine),
    fixed(&["xid8"], 8, 8, Machine),
    fixed(&["tid"], 6, 2, Machine),
    fixed(&["pg_lsn"], 8, 8, Machine),
    fixed(&["date"], 4, 4, Machine),
    fixed(&["time without time zone", "time"], 8, 8, Machine),
    fixed(&["time with time zone", "timetz"], 12, 8, Machine),
    fixed(&["timestamp without time zone", "timestamp"], 8, 8, Machine),
    fixed(&["timestamp with time zone", "timestamptz"], 8, 8, Machine),
    fixed(&["interval"], 16, 8, Machine),
    fixed(&["money"], 8, 8, Machine),
    fixed(&["uuid"], 16, 1, Bytes),
    fixed(&["macaddr"], 6, 4, Bytes),
    fixed(&["macaddr8"], 8, 4, Bytes),
    fixed(&["name"], 64, 1, Text),
    fixed(&["point"], 16, 8, Other),
    fixed(&["line"], 24, 8, Other),
    fixed(&["circle"], 24, 8, Other),
    fixed(&["lseg"], 32, 8, Other),
    fixed(&["box"], 32, 8, Other),
    fixed(&["aclitem"], 12, 4, Other),
    fixed(&["seg"], 12, 4, Other),
    varlena(&["path"], 8, Other),
    varlena(&["polygon"], 8, Other),
    varlena(&["text"], 4, Text),
    varlena(&["character varying", "varchar"], 4, Text),
    varlena(&["character", "char", "bpchar"], 4, Text),
    varlena(&["numeric", "decimal", "dec"], 4, Numeric),
    varlena(&["bytea"], 4, Bytes),
    varlena(&["inet"], 4, Bytes),
    varlena(&["cidr"], 4, Bytes),
    varlena(&["bit"], 4, Bytes),
    varlena(&["bit varying", "varbit"], 4, Bytes),
    varlena(&["json"], 4, Json),
    varlena(&["jsonb"], 4, Json),
    varlena(&["jsonpath"], 4, Other),
    varlena(&["xml"], 4, Other),
    varlena(&["tsvector"], 4, Other),
    varlena(&["tsquery"], 4, Other),
    varlena(&["int4range"], 4, Other),
    varlena(&["numrange"], 4, Other),
    varlena(&["daterange"], 4, Other),
    varlena(&["int8range"], 8, Other),
    varlena(&["tsrange"], 8, Other),
    varlena(&["tstzrange"], 8, Other),
    varlena(&["int4multirange"], 4, Other),
    varlena(&["nummultirange"], 4, Other),
    varlena(&["datemultirange"], 4, Other),
    varlena(&["int8multirange"], 8, Other),
    varlena(&["tsmultirange"], 8, Other),
    varlena(&["tstzmultirange"], 8, Other),
    varlena(&["txid_snapshot"], 8, Other),
    varlena(&["pg_snapshot"], 8, Other),
    varlena(&["int2vector"], 4, Other),
    varlena(&["oidvector"], 4, Other),
    varlena(&["refcursor"], 4, Text),
    varlena(&["citext"], 4, Text),
    varlena(&["hstore"], 4, Other),
    varlena(&["ltree"], 4, Other),
    varlena(&["lquery"], 4, Other),
    varlena(&["ltxtquery"], 4, Other),
    varlena(&["geometry"], 8, Other),
    varlena(&["geography"], 8, Other),
    varlena(&["cube"], 8, Other),
    varlena(&["vector"], 4, Other),
    varlena(&["halfvec"], 4, Other),
    varlena(&["sparsevec"], 4, Other),
];

/// What `serial` and its kin stand for.
pub(super) fn serial(name: &str) -> Option<&'static str> {
    match name {
        "serial" | "serial4" => Some("integer"),
        "bigserial" | "serial8" => Some("bigint"),
        "smallserial" | "serial2" => Some("smallint"),
        _ => None,
    }
}

/// A type that the schema defines.
#[derive(Debug, Clone)]
pub(super) enum UserType {
    /// An enum.
    Enum,
    /// A domain over a resolved type, with its collation.
    Domain { base: DataType, not_null: bool, collation: Option<String> },
    /// A composite type, with its attributes as written.
    Composite(Vec<ColumnDef>),
    /// Any other.
    Other { bytes: Option<u32>, align: u32 },
}

/// All types known while a schema is read.
pub(super) struct Types {
    built_in: HashMap<&'static str, &'static BuiltIn>,
    user: HashMap<TableName, UserType>,
    /// Schemas in which a type is looked for after the current one.
    pub(super) further: Vec<String>,
}

impl Types {
    pub(super) fn new() -> Self {
        let built_in = BUILT_IN.iter().flat_map(|t| t.names.iter().map(move |n| (*n, t))).collect();
        Self { built_in, user: HashMap::new(), further: Vec::new() }
    }

    pub(super) fn define(&mut self, name: TableName, ty: UserType) {
        self.user.insert(name, ty);
    }

    pub(super) fn remove(&mut self, name: &TableName) -> Option<UserType> {
        self.user.remove(name)
    }

    /// A range type's facts from its subtype: its alignment is at least 4.
    pub(super) fn define_kind(&mut self, name: TableName, kind: &TypeKind, path: &str) {
        let ty = match kind {
            TypeKind::Composite(attributes) => UserType::Composite(attributes.clone()),
            TypeKind::Range { subtype, multirange } => {
                let align = self.resolve(subtype, path).0.align.max(4);
                let multirange = match multirange {
                    Some(m) => TableName {
                        schema: m.schema.clone().unwrap_or_else(|| name.schema.clone()),
                        name: m.name.clone(),
                    },
                    None => TableName { schema: name.schema.clone(), name: multirange_name(&name.name) },
                };
                self.define(multirange, UserType::Other { bytes: None, align });
                UserType::Other { bytes: None, align }
            }
            TypeKind::Base { bytes, align } => UserType::Other { bytes: *bytes, align: *align },
        };
        self.define(name, ty);
    }

    /// The attributes of a composite type.
    pub(super) fn attributes(&self, name: &QualifiedName, path: &str) -> Option<Vec<ColumnDef>> {
        match self.user(name, path) {
            Some((_, UserType::Composite(attributes))) => Some(attributes.clone()),
            _ => None,
        }
    }

    /// ALTER SCHEMA ... RENAME TO.
    pub(super) fn rename_schema(&mut self, from: &str, to: &str) {
        let moved: Vec<_> = self.user.keys().filter(|name| name.schema == from).cloned().collect();
        for name in moved {
            if let Some(ty) = self.user.remove(&name) {
                self.user.insert(TableName { schema: to.to_owned(), name: name.name }, ty);
            }
        }
    }

    /// ALTER TYPE ... ADD ATTRIBUTE.
    pub(super) fn add_attribute(&mut self, name: &TableName, attribute: ColumnDef) {
        if let Some(UserType::Composite(attributes)) = self.user.get_mut(name) {
            attributes.push(attribute);
        }
    }

    /// The type of that name that the schema defines: in the schemas of the search path, else in `public`.
    fn user(&self, name: &QualifiedName, path: &str) -> Option<(TableName, &UserType)> {
        let schema = name.schema.as_deref();
        let here = TableName { schema: schema.unwrap_or(path).to_owned(), name: name.name.clone() };
        if let Some(found) = self.user.get(&here) {
            return Some((here, found));
        }
        if schema.is_some() {
            return None;
        }
        let further = self.further.iter().map(String::as_str).chain(["public"]);
        let mut named = further.map(|schema| TableName { schema: schema.to_owned(), name: here.name.clone() });
        named.find_map(|name| self.user.get(&name).map(|found| (name, found)))
    }

    /// The type as resolved, the domain's own facts when it is one, and whether it is known at all.
    pub(super) fn resolve(&self, ty: &TypeRef, path: &str) -> (DataType, Option<&UserType>, bool) {
        let schema = ty.name.schema.as_deref();
        if let Some((name, user)) = self.user(&ty.name, path) {
            let plain = |bytes, align, family| DataType {
                name: name.to_string(),
                modifier: Vec::new(),
                array: false,
                fixed_bytes: bytes,
                align,
                family,
            };
            let resolved = match user {
                UserType::Enum => plain(Some(4), 4, Machine),
                UserType::Domain { base, .. } => base.clone(),
                UserType::Composite(_) => plain(None, 8, Other),
                UserType::Other { bytes, align } => plain(*bytes, *align, Other),
            };
            return (array_of(resolved, ty.array), Some(user), true);
        }
        // `name[]` of pg_catalog is also written `_name`; "char" is what is left of a path type named char.
        let written = match (&*ty.name.name, schema) {
            ("char", None | Some("pg_catalog")) => "\"char\"",
            (other, _) => other,
        };
        let (element, underscored) = match written.strip_prefix('_') {
            Some(element) if self.built_in.contains_key(element) => (element, true),
            _ => (written, false),
        };
        let mut modifier = ty.modifier.clone();
        let Some(found) = self.built_in.get(element).or_else(|| match element {
            // float(n) is real up to 24 bits.
            "float" if modifier.first().is_some_and(|bits| *bits <= 24) => self.built_in.get("real"),
            "float" => self.built_in.get("double precision"),
            _ => None,
        }) else {
            let unknown = DataType {
                name: ty.name.name.clone(),
                modifier,
                array: false,
                fixed_bytes: None,
                align: 4,
                family: Other,
            };
            return (array_of(unknown, ty.array), None, false);
        };
        if element == "float" {
            modifier.clear();
        }
        // numeric(10) has scale 0.
        if found.family == Numeric && modifier.len() == 1 {
            modifier.push(0);
        }
        let resolved = DataType {
            name: found.names[0].to_owned(),
            modifier,
            array: false,
            fixed_bytes: found.bytes,
            align: found.align,
            family: found.family,
        };
        (array_of(resolved, ty.array || underscored), None, true)
    }
}

/// The name that the server gives to the multirange of a range type (makeMultirangeTypeName, pg_type.c).
fn multirange_name(range: &str) -> String {
    match range.find("range") {
        Some(at) => format!("{}multi{}", &range[..at], &range[at..]),
        None => format!("{range}_multirange"),
    }
}

/// An array is a varlena aligned as its elements, at least to 4 bytes.
fn array_of(element: DataType, array: bool) -> DataType {
    if array || element.array {
        DataType { array: true, fixed_bytes: None, align: element.align.max(4), ..element }
    } else {
        element
    }
}

impl DataType {
    /// The average width in bytes that the planner assumes without statistics, header included.
    ///
    /// get_typavgwidth and type_maximum_size (lsyscache.c, format_type.c), for a UTF-8 database.
    #[must_use]
    pub fn default_bytes(&self) -> f64 {
        /// Header of a varlena.
        const HEADER: i64 = 4;
        /// Most bytes of a character in UTF-8.
        const CHARACTER: i64 = 4;
        if let Some(bytes) = self.fixed_bytes {
            return f64::from(bytes);
        }
        let length = self.modifier.first().copied().filter(|n| (0..=10_485_760).contains(n) && !self.array);
        let most = match (self.name.as_str(), length) {
            ("character", Some(n)) => return (n * CHARACTER + HEADER) as f64,
            ("character varying", Some(n)) => n * CHARACTER + HEADER,
            // numeric_maximum_size: 8 bytes of header, 2 for each 4 digits.
            ("numeric", Some(n)) => 8 + (n + 6) / 4 * 2,
            ("bit" | "bit varying", Some(n)) => (n + 7) / 8 + 8,
            _ => return 32.0,
        };
        let most = most as f64;
        if most <= 32.0 {
            most
        } else if most < 1000.0 {
            32.0 + ((most - 32.0) / 2.0).floor()
        } else {
            32.0 + ((1000.0 - 32.0) / 2.0_f64).floor()
        }
    }

    /// The type as format_type prints it, modifier and `[]` included.
    #[must_use]
    pub fn written(&self) -> String {
        let list = self.modifier.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut out = self.name.clone();
        if !list.is_empty() {
            // The precision of times stands inside the name: timestamp(3) without time zone.
            match out.split_once(' ') {
                Some((first, rest)) if first.starts_with("time") => out = format!("{first}({list}) {rest}"),
                _ => out = format!("{out}({list})"),
            }
        }
        if self.array { out + "[]" } else { out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str, modifier: &[i64], array: bool) -> DataType {
        let name = QualifiedName { schema: None, name: name.into() };
        Types::new().resolve(&TypeRef { name, modifier: modifier.to_vec(), array }, "public").0
    }

    /// Widths that PostgreSQL 15 shows in EXPLAIN for an empty, never analyzed table of the type.
    #[test]
    fn default_widths() {
        for (name, modifier, array, expected) in [
            ("integer", &[][..], false, 4.0),
            ("text", &[], false, 32.0),
            ("character", &[84], false, 340.0),
            ("character varying", &[80], false, 178.0),
            ("character varying", &[5], false, 24.0),
            ("character varying", &[5000], false, 516.0),
            ("numeric", &[12, 2], false, 16.0),
            ("numeric", &[], false, 32.0),
            ("integer", &[], true, 32.0),
            ("bit", &[8], false, 9.0),
            ("uuid", &[], false, 16.0),
        ] {
            assert_eq!(resolved(name, modifier, array).default_bytes(), expected, "{name} {modifier:?}");
        }
    }

    #[test]
    fn names_as_the_server_prints_them() {
        assert_eq!(resolved("int8", &[], false).written(), "bigint");
        assert_eq!(resolved("_text", &[], false).written(), "text[]");
        assert_eq!(resolved("timestamptz", &[3], false).written(), "timestamp(3) with time zone");
        assert_eq!(resolved("decimal", &[10], false).written(), "numeric(10,0)");
        assert_eq!(resolved("float", &[24], false).written(), "real");
        assert_eq!(resolved("regtype", &[], false).written(), "regtype");
    }
}
