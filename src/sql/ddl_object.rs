//! DDL of everything but tables: indexes, views, types, domains, triggers, functions, DROP.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::ddl::{ColumnDef, CreateIndex, Ddl, KeyDef, Kind, TypeKind};
use super::ddl_table::{is_type, part_name};
use super::node::{Read, Reader, child, first_words, has, names, tokens};
use super::text::unquote;
use super::tree::{Expr, QualifiedName};

impl Reader {
    /// Reads a DDL statement; statements without any bearing on cost are [`Ddl::Harmless`].
    pub(super) fn ddl(&mut self, node: &SyntaxNode) -> Read<Vec<Ddl>> {
        Ok(vec![match node.kind() {
            K::CREATE_TABLE | K::CREATE_FOREIGN_TABLE => Ddl::CreateTable(self.create_table(node)?),
            K::CREATE_TABLE_AS | K::CREATE_MATERIALIZED_VIEW => self.create_table_as(node)?,
            K::CREATE_INDEX => Ddl::CreateIndex(self.create_index(node)?),
            K::CREATE_VIEW => self.create_view(node)?,
            K::CREATE_TYPE => self.create_type(node)?,
            K::CREATE_DOMAIN => self.create_domain(node)?,
            K::CREATE_TRIGGER => self.create_trigger(node)?,
            K::CREATE_FUNCTION | K::CREATE_PROCEDURE => self.create_function(node)?,
            K::CREATE_SCHEMA => return self.create_schema(node),
            K::ALTER_TABLE | K::ALTER_FOREIGN_TABLE | K::ALTER_MATERIALIZED_VIEW => self.alter_table(node)?,
            K::ALTER_INDEX => self.alter_index(node)?,
            K::ALTER_TYPE => self.alter_type(node)?,
            K::ALTER_VIEW => self.alter_view(node)?,
            K::DROP_TABLE | K::DROP_FOREIGN_TABLE => self.drop(node, Kind::Table)?,
            K::DROP_INDEX => self.drop(node, Kind::Index)?,
            K::DROP_VIEW | K::DROP_MATERIALIZED_VIEW => self.drop(node, Kind::View)?,
            K::DROP_TYPE | K::DROP_DOMAIN => self.drop(node, Kind::Type)?,
            K::DROP_SCHEMA => self.drop(node, Kind::Schema)?,
            K::DROP_TRIGGER => self.drop_trigger(node)?,
            K::CREATE_RULE => Ddl::NotModelled("a rule, which rewrites statements".into()),
            K::CREATE_POLICY => Ddl::NotModelled("a row-level security policy, which adds conditions".into()),
            K::CREATE_SEQUENCE | K::ALTER_SEQUENCE => {
                let text = node.text().to_string();
                super::sequence::statement(&text).unwrap_or(Ddl::Harmless)
            }
            K::ALTER_SCHEMA => self.alter_schema(node)?,
            K::DROP_SEQUENCE => self.drop(node, Kind::Sequence)?,
            K::SET => self.search_path(node)?,
            // Data and queries: statements of a script that fill tables rather than define them.
            K::SELECT | K::INSERT | K::UPDATE | K::DELETE | K::COPY | K::VALUES => Ddl::Harmless,
            K::SELECT_INTO => self.select_into(node)?,
            K::DO => Ddl::NotModelled("code that may create tables".into()),
            _ => Ddl::Harmless,
        }])
    }

    pub(super) fn create_index(&mut self, node: &SyntaxNode) -> Read<CreateIndex> {
        let mut index = CreateIndex {
            name: None,
            if_not_exists: has(node, K::IF_NOT_EXISTS),
            table: QualifiedName { schema: None, name: String::new() },
            only: false,
            unique: has(node, K::UNIQUE_KW),
            method: "btree".into(),
            keys: Vec::new(),
            include: Vec::new(),
            predicate: None,
            parameters: Vec::new(),
            nulls_not_distinct: false,
        };
        for part in node.children() {
            match part.kind() {
                K::IF_NOT_EXISTS | K::TABLESPACE_CLAUSE | K::NULLS_DISTINCT => {}
                K::NULLS_NOT_DISTINCT => index.nulls_not_distinct = true,
                K::INDEX => index.name = Some(self.name(&part)?),
                K::TABLE_RELATION_NAME => {
                    index.only = has(&part, K::ONLY_KW);
                    index.table = self.qualified(&part)?;
                }
                K::USING_METHOD => index.method = self.name_in(&part, K::ACCESS_METHOD_REF)?.unwrap_or_default(),
                K::PARTITION_ITEM_LIST => {
                    for item in part.children() {
                        index.keys.push(self.index_key(&item)?);
                    }
                }
                K::INDEX_INCLUDE_CLAUSE => {
                    let list = self.first_child(&part)?;
                    index.include = list.children().map(|n| self.name(&n)).collect::<Read<_>>()?;
                }
                K::WITH_PARAMS => index.parameters = self.parameters(&part)?,
                K::WHERE_CLAUSE => index.predicate = Some(self.only_expr(&part)?),
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(index)
    }

    /// One key of an index, of an EXCLUDE constraint or of PARTITION BY.
    pub(super) fn index_key(&mut self, node: &SyntaxNode) -> Read<KeyDef> {
        let mut key = KeyDef { expr: Expr::Default, descending: false, opclass: None, collation: None };
        for part in node.children() {
            match part.kind() {
                K::OP_CLASS_REF => key.opclass = Some(self.name(&part)?),
                K::SORT_DESC => key.descending = true,
                K::COLLATE if part.children().count() == 1 => {
                    key.collation = Some(self.qualified(&part_name(&part))?.name);
                }
                K::SORT_ASC | K::NULLS_FIRST | K::NULLS_LAST | K::ATTRIBUTE_LIST => {}
                // The operator of an EXCLUDE constraint.
                K::OP | K::OPERATOR_CALL => {}
                _ => key.expr = self.expr(&part)?,
            }
        }
        if let Expr::Collate { expr, collation } = key.expr {
            key.expr = *expr;
            key.collation = Some(collation.name);
        }
        Ok(key)
    }

    fn query_in(&mut self, node: &SyntaxNode) -> Read<super::tree::Query> {
        for part in node.children() {
            if let Some(query) = self.as_subquery(&part)? {
                return Ok(query);
            }
        }
        Err(self.error("the query cannot be read", node))
    }

    fn create_view(&mut self, node: &SyntaxNode) -> Read<Ddl> {
        let named = child(node, K::VIEW).ok_or_else(|| self.error("a view has no name", node))?;
        let columns = child(node, K::COLUMN_LIST).map(|l| names(&l)).unwrap_or_default();
        Ok(Ddl::CreateView { name: self.qualified(&named)?, columns, query: self.query_in(node)? })
    }

    fn create_table_as(&mut self, node: &SyntaxNode) -> Read<Ddl> {
        let materialized = node.kind() == K::CREATE_MATERIALIZED_VIEW;
        let named = child(node, if materialized { K::VIEW } else { K::TABLE_NAME });
        let named = named.ok_or_else(|| self.error("a table has no name", node))?;
        let columns = match (child(node, K::COLUMN_LIST), child(node, K::TABLE_ARG_LIST)) {
            (Some(list), _) => names(&list),
            (_, Some(list)) => {
                list.children().filter_map(|c| self.name_in(&c, K::COLUMN_NAME).transpose()).collect::<Read<_>>()?
            }
            _ => Vec::new(),
        };
        Ok(Ddl::CreateTableAs {
            name: self.qualified(&named)?,
            columns,
            query: self.query_in(node)?,
            materialized,
            unlogged: has(node, K::UNLOGGED) || has(node, K::TEMP),
            parameters: child(node, K::WITH_PARAMS).map(|p| self.parameters(&p)).transpose()?.unwrap_or_default(),
            if_not_exists: has(node, K::IF_NOT_EXISTS),
        })
    }

    fn create_type(&mut self, node: &SyntaxNode) -> Read<Ddl> {
        let named = self.first_child(node)?;
        let name = self.qualified(&named)?;
        let Some(kind) = node.children().nth(1) else {
            // A shell, filled in later.
            return Ok(Ddl::Harmless);
        };
        let attribute = |wanted: &str| {
            let options = kind.descendants().filter(|n| n.kind() == K::ATTRIBUTE_OPTION);
            let mut found = options.filter(|o| {
                let name = child(o, K::ATTRIBUTE_NAME).and_then(|n| tokens(&n).next());
                name.is_some_and(|t| t.text().eq_ignore_ascii_case(wanted))
            });
            found.next().and_then(|o| child(&o, K::ATTRIBUTE_VALUE))
        };
        let kind = match kind.kind() {
            K::ENUM_TYPE => {
                let literals = kind.descendants().filter(|n| n.kind() == K::LITERAL);
                let labels = literals.filter_map(|n| tokens(&n).next()).map(|t| unquote(t.text())).collect();
                return Ok(Ddl::CreateEnum { name, labels });
            }
            K::RANGE_TYPE => {
                let subtype = attribute("subtype").and_then(|v| v.descendants().find(|n| is_type(n.kind())));
                let subtype = subtype.ok_or_else(|| self.error("a range type needs a subtype", &kind))?;
                let multirange = attribute("multirange_type_name").map(|v| self.qualified(&v)).transpose()?;
                TypeKind::Range { subtype: self.type_ref(&subtype)?, multirange }
            }
            K::BASE_TYPE => {
                let text = |wanted| attribute(wanted).and_then(|v| tokens(&v).last()).map(|t| unquote(t.text()));
                let align = match text("alignment").unwrap_or_default().to_lowercase().as_str() {
                    "char" => 1,
                    "int2" => 2,
                    "double" => 8,
                    _ => 4,
                };
                TypeKind::Base { bytes: text("internallength").and_then(|n| n.parse().ok()), align }
            }
            _ => {
                let mut attributes = Vec::new();
                for field in kind.descendants().filter(|n| n.kind() == K::COMPOSITE_FIELD_DEF) {
                    attributes.push(self.attribute(&field)?);
                }
                TypeKind::Composite(attributes)
            }
        };
        Ok(Ddl::CreateType { name, kind })
    }

    /// An attribute of a composite type.
    fn attribute(&self, node: &SyntaxNode) -> Read<ColumnDef> {
        let named = self.first_child(node)?;
        let mut attribute = ColumnDef::new(self.name(&named)?);
        attribute.ty = node.children().find(|n| is_type(n.kind())).map(|n| self.type_ref(&n)).transpose()?;
        attribute.collation =
            child(node, K::COLLATE).map(|n| self.qualified(&part_name(&n))).transpose()?.map(|c| c.name);
        Ok(attribute)
    }

    /// SELECT ... INTO table: the query is what is left without the clause.
    fn select_into(&mut self, node: &SyntaxNode) -> Read<Ddl> {
        let into = child(node, K::INTO_CLAUSE).ok_or_else(|| self.unsupported(node))?;
        let unlogged = tokens(&into).any(|t| matches!(t.kind(), K::UNLOGGED_KW | K::TEMP_KW | K::TEMPORARY_KW));
        let mut query = node.text().to_string();
        let range = into.text_range() - node.text_range().start();
        let blank = " ".repeat(usize::from(range.len()));
        query.replace_range(usize::from(range.start())..usize::from(range.end()), &blank);
        let base = self.span(node).start.cast_signed();
        let (query, notes) = super::parse::fragment(&query, base, |reader, node| reader.query(node))?;
        self.take_notes(notes);
        let named = into.descendants().find(|n| matches!(n.kind(), K::PATH | K::TABLE_NAME));
        let named = named.ok_or_else(|| self.error("a table has no name", node))?;
        Ok(Ddl::CreateTableAs {
            name: self.qualified(&named)?,
            columns: Vec::new(),
            query,
            materialized: false,
            unlogged,
            parameters: Vec::new(),
            if_not_exists: false,
        })
    }

    fn alter_schema(&self, node: &SyntaxNode) -> Read<Ddl> {
        let mut words: Vec<_> = tokens(node).filter(|t| t.kind() != K::SEMICOLON).collect();
        // ALTER SCHEMA name RENAME TO name
        let (Some(to), true) = (words.pop(), words.len() == 5 && words[3].kind() == K::RENAME_KW) else {
            return Ok(Ddl::Harmless);
        };
        let name = QualifiedName { schema: None, name: super::text::fold(words[2].text()) };
        Ok(Ddl::Rename { kind: Kind::Schema, name, to: super::text::fold(to.text()) })
    }

    fn create_domain(&mut self, node: &SyntaxNode) -> Read<Ddl> {
        let named = self.first_child(node)?;
        let ty = node.children().find(|n| is_type(n.kind()));
        let ty = ty.ok_or_else(|| self.error("a domain needs a type", node))?;
        Ok(Ddl::CreateDomain {
            name: self.qualified(&named)?,
            base: self.type_ref(&ty)?,
            not_null: has(node, K::NOT_NULL_CONSTRAINT),
            default: child(node, K::DEFAULT_CONSTRAINT).and_then(|n| self.lenient_expr(&n)),
            collation: child(node, K::COLLATE).map(|n| self.qualified(&part_name(&n))).transpose()?.map(|c| c.name),
        })
    }

    fn create_trigger(&mut self, node: &SyntaxNode) -> Read<Ddl> {
        let table = child(node, K::ON_RELATION).ok_or_else(|| self.error("a trigger needs a table", node))?;
        let table = self.first_child(&table)?;
        let mut events = Vec::new();
        for event in child(node, K::TRIGGER_EVENT_LIST).iter().flat_map(SyntaxNode::children) {
            events.push(tokens(&event).next().map(|t| t.text().to_lowercase()).unwrap_or_default());
        }
        let call = child(node, K::CALL_EXPR).ok_or_else(|| self.error("a trigger needs a function", node))?;
        let function = self.first_child(&call)?;
        Ok(Ddl::CreateTrigger {
            name: self.name_in(node, K::TRIGGER)?.unwrap_or_default(),
            table: self.qualified(&table)?,
            row: has(node, K::FOR_EACH_ROW),
            events,
            function: self.qualified(&function)?,
        })
    }

    fn create_function(&self, node: &SyntaxNode) -> Read<Ddl> {
        let named = node.children().find(|n| matches!(n.kind(), K::FUNCTION_NAME | K::PROCEDURE_NAME));
        let named = named.ok_or_else(|| self.error("a function has no name", node))?;
        let (mut language, mut body) = (None, None);
        for option in child(node, K::FUNC_OPTION_LIST).iter().flat_map(SyntaxNode::children) {
            match option.kind() {
                K::LANGUAGE_FUNC_OPTION => language = self.name_in(&option, K::LANGUAGE_REF)?,
                K::AS_FUNC_OPTION => {
                    let literal = option.descendants().find(|n| n.kind() == K::LITERAL);
                    body = literal.and_then(|n| tokens(&n).next()).map(|t| unquote(t.text()));
                }
                K::ATOMIC_BODY | K::RETURN_STMT => body = Some(option.text().to_string()),
                _ => {}
            }
        }
        if let Some(inner) = node.descendants().find(|n| n.kind() == K::ATOMIC_BODY)
            && body.is_none()
        {
            body = Some(inner.text().to_string());
        }
        Ok(Ddl::CreateFunction { name: self.qualified(&named)?, language, body })
    }

    /// CREATE SCHEMA with what it holds, whose names are in that schema unless they say otherwise.
    fn create_schema(&mut self, node: &SyntaxNode) -> Read<Vec<Ddl>> {
        let schema = match child(node, K::NAMED_SCHEMA) {
            Some(named) => self.name_in(&named, K::SCHEMA)?,
            None => None,
        };
        let mut out = Vec::new();
        for part in node
            .children()
            .filter(|n| matches!(n.kind(), K::CREATE_TABLE | K::CREATE_INDEX | K::CREATE_VIEW | K::CREATE_TRIGGER))
        {
            for mut ddl in self.ddl(&part)? {
                let name = match &mut ddl {
                    Ddl::CreateTable(table) => &mut table.name,
                    Ddl::CreateIndex(index) => &mut index.table,
                    Ddl::CreateView { name, .. } => name,
                    Ddl::CreateTrigger { table, .. } => table,
                    _ => continue,
                };
                name.schema = name.schema.take().or_else(|| schema.clone());
                out.push(ddl);
            }
        }
        if out.is_empty() {
            out.push(Ddl::Harmless);
        }
        Ok(out)
    }

    fn alter_view(&self, node: &SyntaxNode) -> Read<Ddl> {
        let (Some(view), Some(rename)) = (child(node, K::VIEW_REF), child(node, K::VIEW_RENAME_TO)) else {
            return Ok(Ddl::Harmless);
        };
        let to = self.first_child(&rename)?;
        Ok(Ddl::Rename { kind: Kind::View, name: self.qualified(&view)?, to: self.name(&to)? })
    }

    fn alter_type(&self, node: &SyntaxNode) -> Read<Ddl> {
        let named = self.first_child(node)?;
        let name = self.qualified(&named)?;
        for part in node.children().skip(1) {
            match part.kind() {
                K::ADD_VALUE => {
                    let label = child(&part, K::LITERAL).and_then(|n| tokens(&n).next());
                    let label = label.map(|t| unquote(t.text())).unwrap_or_default();
                    return Ok(Ddl::AddEnumLabel { name, label });
                }
                K::ADD_ATTRIBUTE => {
                    return Ok(Ddl::AddAttribute { name, attribute: Box::new(self.attribute(&part)?) });
                }
                K::TYPE_RENAME_TO => {
                    let to = self.first_child(&part)?;
                    return Ok(Ddl::Rename { kind: Kind::Type, name, to: self.name(&to)? });
                }
                _ => {}
            }
        }
        Ok(Ddl::Harmless)
    }

    fn drop(&self, node: &SyntaxNode, kind: Kind) -> Read<Ddl> {
        let named = node.children().filter(|n| !matches!(n.kind(), K::IF_EXISTS | K::CASCADE | K::RESTRICT));
        Ok(Ddl::Drop { kind, names: named.map(|n| self.qualified(&n)).collect::<Read<_>>()? })
    }

    fn drop_trigger(&self, node: &SyntaxNode) -> Read<Ddl> {
        let (Some(trigger), Some(table)) = (child(node, K::TRIGGER_REF), child(node, K::ON_RELATION)) else {
            return Err(self.unsupported_as(&first_words(node), node));
        };
        let table = self.first_child(&table)?;
        Ok(Ddl::DropTrigger { name: self.name(&trigger)?, table: self.qualified(&table)? })
    }

    /// SET search_path decides where unqualified names go; all other settings are harmless.
    fn search_path(&self, node: &SyntaxNode) -> Read<Ddl> {
        let config = node.descendants().find(|n| n.kind() == K::CONFIG_PARAMETER_REF);
        if config.map(|n| self.name(&n)).transpose()?.as_deref() != Some("search_path") {
            return Ok(Ddl::Harmless);
        }
        let value = node.descendants().find(|n| n.kind() == K::TO_CONFIG_VALUE);
        let tokens = value.iter().flat_map(tokens).filter(|t| !matches!(t.kind(), K::EQ | K::TO_KW | K::COMMA));
        let path = tokens.map(|t| super::text::fold(&unquote(t.text())));
        Ok(Ddl::SearchPath(path.filter(|name| !name.is_empty() && name != "$user" && name != "pg_catalog").collect()))
    }
}
