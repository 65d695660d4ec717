//! Function calls, aggregates and windows, and the calls that SQL spells in words.

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

use super::expr::simple_call;
use super::node::{Read, Reader, child, has, plain_text, tokens};
use super::tree::{Expr, Literal, OrderBy, Window};

/// What the parentheses of a call hold.
#[derive(Default)]
struct Arguments {
    args: Vec<Expr>,
    star: bool,
    distinct: bool,
    order_by: Vec<OrderBy>,
}

impl Reader {
    /// Reads a call.
    pub(super) fn call(&mut self, node: &SyntaxNode) -> Read<Expr> {
        let callee = self.first_child(node)?;
        if !matches!(callee.kind(), K::NAME_REF | K::FIELD_EXPR) {
            return self.special_call(node, &callee);
        }
        let name = self.qualified(&callee)?;
        let mut arguments = Arguments::default();
        let (mut filter, mut over) = (None, None);
        for part in node.children().skip(1) {
            match part.kind() {
                K::ARG_LIST => arguments = self.arguments(&part)?,
                K::WITHIN_CLAUSE => {
                    for clause in part.children() {
                        arguments.order_by.extend(self.order_by(&clause)?);
                    }
                }
                K::FILTER_CLAUSE => filter = Some(Box::new(self.only_expr(&part)?)),
                K::OVER_CLAUSE => over = Some(self.over(&part)?),
                // IGNORE NULLS changes which rows count, not which are touched.
                K::IGNORE_NULLS | K::RESPECT_NULLS => {}
                _ => return Err(self.unsupported(&part)),
            }
        }
        let Arguments { args, star, distinct, order_by } = arguments;
        Ok(Expr::Call { name, args, star, distinct, order_by, filter, over, span: self.span(node) })
    }

    fn arguments(&mut self, node: &SyntaxNode) -> Read<Arguments> {
        let mut out = Arguments { star: has(node, K::STAR), ..Arguments::default() };
        for part in node.children() {
            match part.kind() {
                K::DISTINCT => out.distinct = true,
                K::ALL => {}
                K::ARG => {
                    for inner in part.children() {
                        match inner.kind() {
                            K::ORDER_BY_CLAUSE => out.order_by = self.order_by(&inner)?,
                            K::NAMED_ARG => match inner.children().nth(1) {
                                Some(value) => out.args.push(self.expr(&value)?),
                                None => return Err(self.unsupported(&inner)),
                            },
                            _ => out.args.push(self.expr(&inner)?),
                        }
                    }
                }
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(out)
    }

    fn over(&mut self, node: &SyntaxNode) -> Read<Window> {
        let inner = self.first_child(node)?;
        match inner.kind() {
            K::WINDOW_REF => self.named_window(&inner),
            _ => match child(&inner, K::WINDOW_SPEC) {
                Some(spec) => self.window(&spec),
                None => Ok(Window { partition_by: Vec::new(), order_by: Vec::new() }),
            },
        }
    }

    fn named_window(&self, node: &SyntaxNode) -> Read<Window> {
        let name = self.name(node)?;
        let found = self.windows.last().and_then(|defined| defined.iter().rev().find(|w| w.0 == name));
        found.map(|w| w.1.clone()).ok_or_else(|| self.error("this window is not defined by a WINDOW clause", node))
    }

    /// The inside of OVER (...) or of a WINDOW definition.
    pub(super) fn window(&mut self, node: &SyntaxNode) -> Read<Window> {
        let mut window = Window { partition_by: Vec::new(), order_by: Vec::new() };
        for part in node.children() {
            match part.kind() {
                K::WINDOW_REF => window = self.named_window(&part)?,
                K::PARTITION_BY_CLAUSE => window.partition_by = self.exprs(&part)?,
                K::ORDER_BY_CLAUSE => window.order_by = self.order_by(&part)?,
                // Frames decide which rows a value sums over, not which are read.
                K::FRAME_CLAUSE => {}
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(window)
    }

    /// EXISTS, EXTRACT and the other calls with a grammar of their own, as the functions behind them.
    fn special_call(&mut self, node: &SyntaxNode, callee: &SyntaxNode) -> Read<Expr> {
        let span = self.span(node);
        let word = tokens(callee).next().map(|t| t.text().to_lowercase()).unwrap_or_default();
        let (name, args) = match callee.kind() {
            K::EXISTS_FN => {
                let inner = self.first_child(callee)?;
                return match self.as_subquery(&inner)? {
                    Some(query) => Ok(Expr::Exists(Box::new(query))),
                    None => Err(self.unsupported(callee)),
                };
            }
            K::ANY_FN | K::SOME_FN | K::ALL_FN => {
                return Err(self.error("ANY, SOME and ALL stand only after an operator", callee));
            }
            K::EXTRACT_FN => {
                let mut args = Vec::new();
                for part in callee.children() {
                    args.push(match part.kind() {
                        K::EXTRACT_FIELD_NAME | K::EXTRACT_FIELD_LITERAL => {
                            let field = plain_text(&SyntaxElement::Node(part));
                            Expr::Literal(Literal::Text(field.trim_matches('\'').to_owned()))
                        }
                        _ => self.expr(&part)?,
                    });
                }
                ("extract", args)
            }
            K::POSITION_FN => {
                let mut args = self.exprs(callee)?;
                args.reverse();
                ("position", args)
            }
            K::SUBSTRING_FN => ("substring", self.substring(callee)?),
            K::TRIM_FN => self.trim(callee)?,
            // The rest takes its values in order, each a child; whatever else it says stays unread.
            _ => (word.as_str(), self.nested_values(callee)?),
        };
        if node.children().count() > 1 {
            self.note("the clause after this call", node);
        }
        Ok(simple_call(name, args, span))
    }

    /// `substring(x FROM a FOR b)`, in any order of FROM and FOR.
    fn substring(&mut self, node: &SyntaxNode) -> Read<Vec<Expr>> {
        let inner = self.first_child(node)?;
        if inner.kind() == K::SUBSTRING_EXPRS {
            return self.nested_values(&inner);
        }
        let mut args = self.exprs(&inner)?;
        if inner.kind() == K::SUBSTRING_FOR_FROM {
            match args.len() {
                2 => args.insert(1, Expr::Literal(Literal::Number(1.0))),
                3 => args.swap(1, 2),
                _ => {}
            }
        }
        Ok(args)
    }

    fn trim(&mut self, node: &SyntaxNode) -> Read<(&'static str, Vec<Expr>)> {
        let (mut name, mut args) = ("btrim", Vec::new());
        for part in node.children() {
            match part.kind() {
                K::TRIM_BOTH => {}
                K::TRIM_LEADING => name = "ltrim",
                K::TRIM_TRAILING => name = "rtrim",
                K::TRIM_EXPR_FROM => {
                    args = self.exprs(&part)?;
                    args.rotate_left(1);
                }
                _ => args = self.exprs(&part)?,
            }
        }
        Ok((name, args))
    }

    /// The values in a call with a grammar of its own, however deep its clauses wrap them.
    fn nested_values(&mut self, node: &SyntaxNode) -> Read<Vec<Expr>> {
        let mut args = Vec::new();
        for part in node.children() {
            match part.kind() {
                K::OVERLAY_PLACING
                | K::OVERLAY_EXPRS
                | K::NAMED_ARG
                | K::JSON_KEY_VALUE
                | K::JSON_VALUE_EXPR
                | K::JSON_EXPR_FORMAT
                | K::JSON_SELECT_FORMAT
                | K::EXPR_AS_ELEMENT_TAG_LIST
                | K::EXPR_AS_ELEMENT_TAG
                | K::EXPR_AS_XML_ATTR_LIST
                | K::EXPR_AS_XML_ATTR => args.extend(self.nested_values(&part)?),
                K::NAME_REF
                | K::FIELD_EXPR
                | K::LITERAL
                | K::PAREN_EXPR
                | K::TUPLE_EXPR
                | K::CASE_EXPR
                | K::ARRAY_EXPR
                | K::CAST_EXPR
                | K::CALL_EXPR
                | K::BIN_EXPR
                | K::PREFIX_EXPR
                | K::POSTFIX_EXPR
                | K::BETWEEN_EXPR
                | K::INDEX_EXPR
                | K::SLICE_EXPR
                | K::COLLATE => args.push(self.expr(&part)?),
                K::PARAM_NAME_REF | K::ELEMENT_TAG | K::XML_ATTR | K::XML_DOCUMENT | K::XML_CONTENT => {}
                _ => self.note(&format!("a part of {}", super::node::first_words(node)), &part),
            }
        }
        Ok(args)
    }
}
