//! CREATE TABLE: columns, constraints, partitions.

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

use super::ddl::{Bound, ColumnDef, CreateTable, Like, TypeRef};
use super::node::{Read, Reader, child, has, plain_text, tokens};
use super::text::unquote;
use super::tree::{Expr, QualifiedName};

impl Reader {
    /// CREATE TABLE and CREATE FOREIGN TABLE.
    pub(super) fn create_table(&mut self, node: &SyntaxNode) -> Read<CreateTable> {
        let mut table = CreateTable {
            name: QualifiedName { schema: None, name: String::new() },
            if_not_exists: has(node, K::IF_NOT_EXISTS),
            unlogged: has(node, K::UNLOGGED) || has(node, K::TEMP),
            foreign: node.kind() == K::CREATE_FOREIGN_TABLE,
            columns: Vec::new(),
            constraints: Vec::new(),
            likes: Vec::new(),
            inherits: Vec::new(),
            of_type: None,
            partition_of: None,
            partition_by: None,
            fillfactor: None,
        };
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
                K::WITH_PARAMS => table.fillfactor = self.fillfactor(&part)?,
                K::PARTITION_FOR_VALUES_FROM
                | K::PARTITION_FOR_VALUES_IN
                | K::PARTITION_FOR_VALUES_WITH
                | K::PARTITION_DEFAULT => bound = Some(self.bound(&part)?),
                // Where the table lies and how long a temporary one lives is none of the model's business.
                K::IF_NOT_EXISTS
                | K::UNLOGGED
                | K::TEMP
                | K::USING_METHOD
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
        let mut column = ColumnDef {
            name: self.name_in(node, K::COLUMN_NAME)?.ok_or_else(|| self.error("a column has no name", node))?,
            ty: None,
            collation: None,
            not_null: false,
            default: None,
            generated: None,
            identity: false,
            constraints: Vec::new(),
        };
        for part in node.children() {
            match part.kind() {
                K::COLUMN_NAME | K::IF_NOT_EXISTS | K::NULL_CONSTRAINT => {}
                K::STORAGE | K::COMPRESSION_METHOD | K::WITH_OPTIONS | K::ALTER_OPTION_LIST => {}
                kind if is_type(kind) => column.ty = Some(self.type_ref(&part)?),
                K::COLLATE => column.collation = Some(self.qualified(&part_name(&part))?.name),
                K::NOT_NULL_CONSTRAINT => column.not_null = true,
                // A default that cannot be read costs what any other does.
                K::DEFAULT_CONSTRAINT => column.default = self.lenient_expr(&part),
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
                    column.identity = true;
                    column.not_null = true;
                }
                K::GENERATED_STORED => {
                    // A virtual column (PostgreSQL 18) is computed when read and takes no room.
                    if has(&part, K::VIRTUAL) {
                        self.note("a virtual generated column", &part);
                    }
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
        };
        for option in node.children().skip(1) {
            let wanted = option.kind() == K::INCLUDING_PROPERTY;
            match option.first_child().map(|n| n.kind()) {
                Some(K::PROPERTY_ALL) => {
                    (like.defaults, like.constraints, like.indexes, like.generated) = (wanted, wanted, wanted, wanted);
                }
                Some(K::PROPERTY_DEFAULTS | K::PROPERTY_IDENTITY) => like.defaults = wanted,
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

    /// `fillfactor` among storage parameters, as a fraction.
    pub(super) fn fillfactor(&self, node: &SyntaxNode) -> Read<Option<f64>> {
        let list = if node.kind() == K::ATTRIBUTE_LIST { Some(node.clone()) } else { child(node, K::ATTRIBUTE_LIST) };
        for option in list.iter().flat_map(SyntaxNode::children) {
            if self.name_in(&option, K::ATTRIBUTE_NAME)?.as_deref() == Some("fillfactor")
                && child(&option, K::ATTRIBUTE_NAMESPACE).is_none()
                && let Some(value) = child(&option, K::ATTRIBUTE_VALUE).and_then(|v| tokens(&v).next())
            {
                return match unquote(value.text()).trim().parse::<f64>() {
                    Ok(percent) if (10.0..=100.0).contains(&percent) => Ok(Some(percent / 100.0)),
                    _ => Err(self.error("fillfactor is a percentage from 10 to 100", &option)),
                };
            }
        }
        Ok(None)
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
        let literals = arguments.descendants().filter(|n| n.kind() == K::LITERAL);
        let mut modifier: Vec<i64> =
            literals.filter_map(|n| tokens(&n).next()).filter_map(|t| t.text().parse().ok()).collect();
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
