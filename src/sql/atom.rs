//! Operands: names, constants, parentheses, CASE, arrays, casts.

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

use super::expr::simple_call;
use super::node::{Read, Reader, child, has, names, tokens};
use super::text::{fold, unquote};
use super::tree::{Expr, Literal};

impl Reader {
    /// Reads an operand; chains of operators are for [`Reader::expr`].
    pub(super) fn atom(&mut self, node: &SyntaxNode) -> Read<Expr> {
        match node.kind() {
            K::NAME_REF => self.name_ref(node),
            K::FIELD_EXPR => self.column(node),
            K::LITERAL => self.literal(node),
            K::PAREN_EXPR => {
                let inner = self.first_child(node)?;
                match self.as_subquery(&inner)? {
                    Some(query) => Ok(Expr::Subquery(Box::new(query))),
                    None => self.expr(&inner),
                }
            }
            K::TUPLE_EXPR => Ok(Expr::Row(self.exprs(node)?)),
            K::CASE_EXPR => self.case(node),
            K::ARRAY_EXPR => self.array(node),
            K::CAST_EXPR => self.cast(node),
            K::CALL_EXPR => self.call(node),
            K::SET_EXPR if has(node, K::DEFAULT_KW) => Ok(Expr::Default),
            K::SET_EXPR | K::GROUPING_EXPR => {
                let inner = self.first_child(node)?;
                self.expr(&inner)
            }
            _ => match self.as_subquery(node)? {
                Some(query) => Ok(Expr::Subquery(Box::new(query))),
                None => Err(self.unsupported(node)),
            },
        }
    }

    /// All child expressions of a node that has no other child nodes.
    pub(super) fn exprs(&mut self, node: &SyntaxNode) -> Read<Vec<Expr>> {
        node.children().map(|c| self.expr(&c)).collect()
    }

    fn name_ref(&mut self, node: &SyntaxNode) -> Read<Expr> {
        let span = self.span(node);
        let Some(token) = tokens(node).next() else { return Err(self.error("a name is missing here", node)) };
        Ok(match token.kind() {
            K::CURRENT_CATALOG_KW
            | K::CURRENT_DATE_KW
            | K::CURRENT_ROLE_KW
            | K::CURRENT_SCHEMA_KW
            | K::CURRENT_TIME_KW
            | K::CURRENT_TIMESTAMP_KW
            | K::CURRENT_USER_KW
            | K::LOCALTIME_KW
            | K::LOCALTIMESTAMP_KW
            | K::SESSION_USER_KW
            | K::SYSTEM_USER_KW
            | K::USER_KW => simple_call(&token.text().to_lowercase(), Vec::new(), span),
            _ => Expr::Column { qualifier: None, name: fold(token.text()), span },
        })
    }

    /// `table.column`, `schema.table.column`, `table.*`.
    fn column(&self, node: &SyntaxNode) -> Read<Expr> {
        let mut parts = names(node);
        if has(node, K::STAR) {
            parts.push("*".into());
        }
        let name = parts.pop().ok_or_else(|| self.error("a column is missing here", node))?;
        Ok(Expr::Column { qualifier: parts.pop(), name, span: self.span(node) })
    }

    fn literal(&self, node: &SyntaxNode) -> Read<Expr> {
        let Some(token) = tokens(node).next() else { return Err(self.error("a value is missing here", node)) };
        let text = token.text();
        Ok(match token.kind() {
            K::NULL_KW => Expr::Literal(Literal::Null),
            K::TRUE_KW => Expr::Literal(Literal::Bool(true)),
            K::FALSE_KW => Expr::Literal(Literal::Bool(false)),
            K::DEFAULT_KW => Expr::Default,
            K::INT_NUMBER | K::NUMERIC_NUMBER => match number(text) {
                Some(n) => Expr::Literal(Literal::Number(n)),
                None => return Err(self.error("cannot read this number", node)),
            },
            K::POSITIONAL_PARAM => match text[1..].parse() {
                Ok(number) if number > 0 => Expr::Parameter { number, span: self.span(node) },
                _ => return Err(self.error("parameters are $1, $2, ...", node)),
            },
            K::BIT_STRING | K::BYTE_STRING => {
                let expr = Box::new(Expr::Literal(Literal::Text(unquote(text))));
                Expr::Cast { expr, to: "bit".into() }
            }
            // Strings continue on the next line: 'a' 'b'.
            _ => Expr::Literal(Literal::Text(tokens(node).map(|t| unquote(t.text())).collect())),
        })
    }

    fn case(&mut self, node: &SyntaxNode) -> Read<Expr> {
        let (mut operand, mut arms, mut otherwise) = (None, Vec::new(), None);
        for part in node.children() {
            match part.kind() {
                K::WHEN_CLAUSE_LIST => {
                    for when in part.children() {
                        let mut both = self.exprs(&when)?.into_iter();
                        match (both.next(), both.next()) {
                            (Some(condition), Some(result)) => arms.push((condition, result)),
                            _ => return Err(self.error("WHEN needs a condition and a result", &when)),
                        }
                    }
                }
                K::ELSE_CLAUSE => otherwise = Some(Box::new(self.only_expr(&part)?)),
                _ => operand = Some(Box::new(self.expr(&part)?)),
            }
        }
        Ok(Expr::Case { operand, arms, otherwise })
    }

    /// The expression of a clause that has just one.
    pub(super) fn only_expr(&mut self, node: &SyntaxNode) -> Read<Expr> {
        let mut children = node.children();
        match (children.next(), children.next()) {
            (Some(only), None) => self.expr(&only),
            (_, Some(second)) => Err(self.unsupported(&second)),
            _ => Err(self.error("an expression is missing here", node)),
        }
    }

    fn array(&mut self, node: &SyntaxNode) -> Read<Expr> {
        if has(node, K::L_PAREN) {
            let inner = self.first_child(node)?;
            return match self.as_subquery(&inner)? {
                Some(query) => Ok(simple_call("array", vec![Expr::Subquery(Box::new(query))], self.span(node))),
                None => Err(self.unsupported(node)),
            };
        }
        Ok(Expr::Array(self.exprs(node)?))
    }

    /// `CAST (x AS type)`, `type 'text'`; `x::type` is an operator.
    fn cast(&mut self, node: &SyntaxNode) -> Read<Expr> {
        let mut children = node.children();
        let (Some(first), Some(second)) = (children.next(), children.next()) else {
            return Err(self.unsupported(node));
        };
        let (expr, ty) = if has(node, K::CAST_KW) { (first, second) } else { (second, first) };
        // What may remain is the unit of INTERVAL '1' YEAR.
        if has(node, K::TREAT_KW) {
            return Err(self.unsupported(node));
        }
        let expr = Box::new(self.expr(&expr)?);
        Ok(Expr::Cast { expr, to: self.type_text(&ty) })
    }

    /// A type as written, names folded.
    pub(super) fn type_text(&self, node: &SyntaxNode) -> String {
        let mut out = String::new();
        for token in tokens(node) {
            let text = fold(token.text());
            let word = |c: char| c.is_alphanumeric() || c == '_';
            if text.starts_with(word) && (out.ends_with(word) || out.ends_with(')')) {
                out.push(' ');
            }
            out.push_str(&text);
        }
        out
    }

    /// The bounds in `x[i]` or `x[i:j]`.
    pub(super) fn subscripts(&mut self, node: &SyntaxNode) -> Read<Vec<Expr>> {
        let mut inside = false;
        let mut bounds = Vec::new();
        for element in node.children_with_tokens() {
            match element {
                SyntaxElement::Token(token) => inside |= token.kind() == K::L_BRACK,
                SyntaxElement::Node(bound) if inside => bounds.push(self.expr(&bound)?),
                SyntaxElement::Node(_) => {}
            }
        }
        Ok(bounds)
    }

    /// The name of an alias, when the node has one of that kind.
    pub(super) fn name_in(&self, node: &SyntaxNode, kind: K) -> Read<Option<String>> {
        child(node, kind).map(|n| self.name(&n)).transpose()
    }
}

/// A number as PostgreSQL 16 writes them too: 0x1F, 0o17, 0b1, 1_000.
fn number(text: &str) -> Option<f64> {
    let digits = text.replace('_', "");
    let radix = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => return digits.parse().ok(),
    };
    u128::from_str_radix(&digits[2..], radix).ok().map(|n| n as f64)
}
