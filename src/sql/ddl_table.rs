//! CREATE TABLE: columns, constraints, partitions.

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

use super::ddl::{Bound, ColumnDef, CreateTable, Like, Parameters, Storage, TypeRef};
use super::node::{Read, Reader, child, has, plain_text, tokens};
use super::text::unquote;
use super::tree::{Expr, QualifiedName};

impl Reader {
    /// CREATE TABLE and CREATE FOREIGN TABLE.
    pub(super) fn create_table(&mut self, node: &SyntaxNode) -> Read<CreateTable> {
        let mut table = CreateTable::new(QualifiedName { schema: None, name: String::new() });
        table.foreign = node.kind() == K::CREATE_FOREIGN_TABLE;
        let mut parent = None;
        let mut bound = None;
        for part in node.children() {
            match part.kind() {
                K::TABLE_NAME => table.name = self.qualified(&part)?,
                K::TABLE_ARG_LIST => self.table_elements(&part, &mut table)?,
                K::INHERITS => {
                    table.inherits = part.children().map(|p| self.qualified(&p)).collect::<Read<_>>()?;
                }
                K::OF_TYPE => {
                    let ty = self.first_child(&part)?;
                    table.of_type = Some(self.type_ref(&ty)?.name);
                }
                K::PARTITION_OF => {
                    let named = self.first_child(&part)?;
                    parent = Some(self.qualified(&named)?);
                }
                K::PARTITION_BY => table.partition_by = Some(self.partition_by(&part)?),
                K::WITH_PARAMS => table.parameters = self.parameters(&part)?,
                K::IF_NOT_EXISTS => table.if_not_exists = true,
                K::UNLOGGED | K::TEMP => table.unlogged = true,
                K::PARTITION_FOR_VALUES_FROM
                | K::PARTITION_FOR_VALUES_IN
                | K::PARTITION_FOR_VALUES_WITH
                | K::PARTITION_DEFAULT => bound = Some(self.bound(&part)?),
                // Where the table lies and how long a temporary one lives is none of the model's business.
                K::USING_METHOD
                | K::WITHOUT_OIDS
                | K::ON_COMMIT
                | K::TABLESPACE_CLAUSE
                | K::SERVER_CLAUSE
                | K::ALTER_OPTION_LIST => {}
                _ => return Err(self.unsupported(&part)),
            }
        }
        if let Some(parent) = parent {
            table.partition_of = Some((parent, bound.unwrap_or(Bound::Default)));
        }
        Ok(table)
    }

    fn table_elements(&mut self, node: &SyntaxNode, table: &mut CreateTable) -> Read<()> {
        for part in node.children() {
            match part.kind() {
                K::COLUMN => {
                    let column = self.column_def(&part)?;
                    table.columns.push(column);
                }
                K::LIKE_CLAUSE => {
                    let like = self.like(&part)?;
                    table.likes.push((table.columns.len(), like));
                }
                _ => table.constraints.extend(self.constraint(&part, None)?),
            }
        }
        Ok(())
    }

    /// A column of CREATE TABLE or ADD COLUMN.
    pub(super) fn column_def(&mut self, node: &SyntaxNode) -> Read<ColumnDef> {
        let name = self.name_in(node, K::COLUMN_NAME)?.ok_or_else(|| self.error("a column has no name", node))?;
        let mut column = ColumnDef::new(name);
        for part in node.children() {
            match part.kind() {
                K::COLUMN_NAME | K::IF_NOT_EXISTS | K::NULL_CONSTRAINT => {}
                K::STORAGE => column.storage = storage(&part),
                K::COMPRESSION_METHOD | K::WITH_OPTIONS | K::ALTER_OPTION_LIST => {}
                kind if is_type(kind) => column.ty = Some(self.type_ref(&part)?),
                K::COLLATE => column.collation = Some(self.qualified(&part_name(&part))?.name),
                K::NOT_NULL_CONSTRAINT => column.not_null = true,
                // A default that cannot be read costs what any other does.
                K::DEFAULT_CONSTRAINT => {
                    column.default = self.lenient_expr(&part);
                    // A collation behind the default is the column's: gram.y's b_expr has none.
                    if let Some(Expr::Collate { expr, collation }) =
                        column.default.take_if(|d| matches!(d, Expr::Collate { .. }))
                    {
                        column.default = Some(*expr);
                        column.collation = Some(collation.name);
                    }
                }
                K::GENERATED_CONSTRAINT => self.generated(&part, &mut column)?,
                _ => {
                    let name = column.name.clone();
                    column.constraints.extend(self.constraint(&part, Some(&name))?);
                }
            }
        }
        Ok(column)
    }

    /// The last expression of a clause; one that cannot be read is noted instead of failing the table.
    pub(super) fn lenient_expr(&mut self, node: &SyntaxNode) -> Option<Expr> {
        let expr = node.children().filter(|n| n.kind() != K::CONSTRAINT_NAME_CLAUSE).last()?;
        match self.expr(&expr) {
            Ok(expr) => Some(expr),
            Err(error) => {
                self.note(&format!("a default value ({error})"), node);
                None
            }
        }
    }

    fn generated(&mut self, node: &SyntaxNode, column: &mut ColumnDef) -> Read<()> {
        for part in node.children() {
            match part.kind() {
                K::GENERATED_IDENTITY => {
                    column.identity = Some(super::sequence::options(&part.text().to_string()));
                    column.not_null = true;
                }
                K::GENERATED_STORED => {
                    // What is not STORED is VIRTUAL (PostgreSQL 18).
                    column.computed = !has(&part, K::STORED);
                    let expr = part.children().find(|n| {
                        !matches!(n.kind(), K::GENERATED_ALWAYS | K::GENERATED_BY_DEFAULT | K::STORED | K::VIRTUAL)
                    });
                    column.generated = expr.map(|e| self.expr(&e)).transpose()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn like(&self, node: &SyntaxNode) -> Read<Like> {
        let table = self.first_child(node)?;
        let mut like = Like {
            table: self.qualified(&table)?,
            defaults: false,
            constraints: false,
            indexes: false,
            generated: false,
            identity: false,
            storage: false,
        };
        for option in node.children().skip(1) {
            let wanted = option.kind() == K::INCLUDING_PROPERTY;
            match option.first_child().map(|n| n.kind()) {
                Some(K::PROPERTY_ALL) => {
                    (like.defaults, like.constraints, like.indexes) = (wanted, wanted, wanted);
                    (like.generated, like.identity, like.storage) = (wanted, wanted, wanted);
                }
                Some(K::PROPERTY_DEFAULTS) => like.defaults = wanted,
                Some(K::PROPERTY_IDENTITY) => like.identity = wanted,
                Some(K::PROPERTY_STORAGE) => like.storage = wanted,
                Some(K::PROPERTY_CONSTRAINTS) => like.constraints = wanted,
                Some(K::PROPERTY_INDEXES) => like.indexes = wanted,
                Some(K::PROPERTY_GENERATED) => like.generated = wanted,
                _ => {}
            }
        }
        Ok(like)
    }

    fn partition_by(&mut self, node: &SyntaxNode) -> Read<(String, Vec<Expr>)> {
        let strategy = child(node, K::PARTITION_STRATEGY).map(|n| plain_text(&SyntaxElement::Node(n)));
        let mut keys = Vec::new();
        if let Some(list) = child(node, K::PARTITION_ITEM_LIST) {
            for item in list.children() {
                keys.push(self.index_key(&item)?.expr);
            }
        }
        Ok((strategy.unwrap_or_default(), keys))
    }

    /// FOR VALUES ... or DEFAULT.
    pub(super) fn bound(&mut self, node: &SyntaxNode) -> Read<Bound> {
        Ok(match node.kind() {
            K::PARTITION_FOR_VALUES_FROM => {
                let mut ends = Vec::new();
                for end in node.children() {
                    let mut values = Vec::new();
                    for value in end.children() {
                        let word = plain_text(&SyntaxElement::Node(value.clone()));
                        let unbounded = matches!(word.as_str(), "minvalue" | "maxvalue");
                        values.push(if unbounded { None } else { Some(self.expr(&value)?) });
                    }
                    ends.push(values);
                }
                let to = ends.pop().unwrap_or_default();
                Bound::Range { from: ends.pop().unwrap_or_default(), to }
            }
            K::PARTITION_FOR_VALUES_IN => Bound::List(self.exprs(node)?),
            K::PARTITION_FOR_VALUES_WITH => {
                let number = |word: &str| {
                    let bound =
                        node.children().find(|n| tokens(n).next().is_some_and(|t| t.text().eq_ignore_ascii_case(word)));
                    bound.and_then(|n| tokens(&n).last()).and_then(|t| t.text().parse().ok())
                };
                match (number("modulus"), number("remainder")) {
                    (Some(modulus), Some(remainder)) => Bound::Hash { modulus, remainder },
                    _ => return Err(self.error("hash partitions need a modulus and a remainder", node)),
                }
            }
            _ => Bound::Default,
        })
    }

    /// Storage parameters, in `WITH (...)` or `SET (...)`; one without a value is on.
    pub(super) fn parameters(&self, node: &SyntaxNode) -> Read<Parameters> {
        let list = if node.kind() == K::ATTRIBUTE_LIST { Some(node.clone()) } else { child(node, K::ATTRIBUTE_LIST) };
        let mut parameters = Vec::new();
        for option in list.iter().flat_map(SyntaxNode::children) {
            let Some(name) = self.name_in(&option, K::ATTRIBUTE_NAME)? else { continue };
            let space = child(&option, K::ATTRIBUTE_NAMESPACE).map(|n| self.name(&n)).transpose()?;
            let value = child(&option, K::ATTRIBUTE_VALUE);
            let value = value.map(|v| tokens(&v).map(|t| unquote(t.text())).collect::<String>());
            let percent = |v: &String| v.trim().parse::<f64>().is_ok_and(|p| (10.0..=100.0).contains(&p));
            if name == "fillfactor" && space.is_none() && value.as_ref().is_some_and(|v| !percent(v)) {
                return Err(self.error("fillfactor is a percentage from 10 to 100", &option));
            }
            let name = space.map_or_else(|| name.clone(), |space| format!("{space}.{name}"));
            parameters.push((name, value.unwrap_or_else(|| "true".to_owned())));
        }
        Ok(parameters)
    }

    /// The type in `SELECT NULL::type`.
    pub(super) fn cast_type(&self, node: &SyntaxNode) -> Read<TypeRef> {
        match node.descendants().find(|n| is_type(n.kind())) {
            Some(ty) => self.type_ref(&ty),
            None => Err(self.error("a type was expected", node)),
        }
    }

    /// A type.
    pub(super) fn type_ref(&self, node: &SyntaxNode) -> Read<TypeRef> {
        let plain = |name: &str| QualifiedName { schema: None, name: name.to_owned() };
        let zone = |with: &str, without: &str| plain(if has(node, K::WITH_TIMEZONE) { with } else { without });
        let name = match node.kind() {
            K::ARRAY_TYPE => {
                let element = self.first_child(node)?;
                return Ok(TypeRef { array: true, ..self.type_ref(&element)? });
            }
            K::PATH_TYPE => {
                let path = self.first_child(node)?;
                self.qualified(&path)?
            }
            K::VARCHAR_TYPE => plain("character varying"),
            K::CHARACTER_TYPE => plain("character"),
            K::BIT_TYPE => plain("bit"),
            K::BIT_VARYING_TYPE => plain("bit varying"),
            K::DOUBLE_TYPE => plain("double precision"),
            K::TIME_TYPE => zone("time with time zone", "time without time zone"),
            K::TIMESTAMP_TYPE => zone("timestamp with time zone", "timestamp without time zone"),
            K::INTERVAL_TYPE => plain("interval"),
            _ => return Err(self.unsupported(node)),
        };
        let arguments = child(node, K::ARG_LIST).unwrap_or_else(|| node.clone());
        let (mut modifier, mut sign) = (Vec::new(), 1);
        for token in tokens(&arguments) {
            match token.kind() {
                K::MINUS => sign = -1,
                K::INT_NUMBER => {
                    modifier.extend(token.text().parse::<i64>().ok().map(|n| n * std::mem::replace(&mut sign, 1)))
                }
                _ => {}
            }
        }
        // CHAR and BIT without a length have one of 1.
        if modifier.is_empty() && matches!(node.kind(), K::CHARACTER_TYPE | K::BIT_TYPE) {
            modifier.push(1);
        }
        Ok(TypeRef { name, modifier, array: false })
    }
}

/// Whether a node is a type.
pub(super) const fn is_type(kind: K) -> bool {
    matches!(
        kind,
        K::ARRAY_TYPE
            | K::PATH_TYPE
            | K::VARCHAR_TYPE
            | K::CHARACTER_TYPE
            | K::BIT_TYPE
            | K::BIT_VARYING_TYPE
            | K::DOUBLE_TYPE
            | K::TIME_TYPE
            | K::TIMESTAMP_TYPE
            | K::INTERVAL_TYPE
    )
}

/// The node that names the collation in `COLLATE name`.
pub(super) fn part_name(node: &SyntaxNode) -> SyntaxNode {
    child(node, K::COLLATION_REF).unwrap_or_else(|| node.clone())
}

/// The word in `STORAGE word`.
pub(super) fn storage(node: &SyntaxNode) -> Option<Storage> {
    match tokens(node).last()?.text().to_ascii_lowercase().as_str() {
        "plain" => Some(Storage::Plain),
        "external" => Some(Storage::External),
        "extended" => Some(Storage::Extended),
        "main" => Some(Storage::Main),
        _ => None,
    }
}
