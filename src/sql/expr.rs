//! Expressions, nested by PostgreSQL's own precedence.
//!
//! The library keeps the tokens in order but nests some operators wrongly (`k BETWEEN 1 AND 2 OR c`
//! takes the OR into the BETWEEN, `j->'a'->>'b'` nests rightwards). So each chain of operators is
//! flattened into operands and operators, and built anew by precedence climbing over gram.y's table.

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

use super::between::undisguise;
use super::climb::Chain;
use super::node::{Read, Reader, has, is_trivia, plain_text};
use super::tree::{Expr, QualifiedName, Span};

/// One element of a flattened chain.
pub(super) enum Item {
    /// An operand, a type after `::`, or a collation.
    Operand(SyntaxNode),
    /// An operator or keyword, lower case.
    Operator(String, Span),
    /// `[i]` or `[i:j]`: the node whose later children are the bounds.
    Subscript(SyntaxNode),
    /// `.field` of something that is not a name.
    Field(String),
}

impl Reader {
    /// Reads an expression.
    pub(super) fn expr(&mut self, node: &SyntaxNode) -> Read<Expr> {
        if !is_operator_node(node) {
            return self.atom(node);
        }
        let mut items = Vec::new();
        self.flatten(node, &mut items)?;
        Chain::new(items, self, node).read()
    }

    /// The one expression that `SELECT <text>` selects.
    pub(super) fn bare_expression(&mut self, node: &SyntaxNode) -> Read<Expr> {
        let mut inner = node.clone();
        for kind in [K::SELECT_CLAUSE, K::TARGET_LIST, K::TARGET] {
            let mut children = inner.children();
            match (children.next(), children.next()) {
                (Some(only), None) if only.kind() == kind => inner = only,
                (_, Some(second)) => return Err(self.error("the expression ends before this", &second)),
                _ => return Err(self.error("an expression was expected", node)),
            }
        }
        let mut children = inner.children();
        match (children.next(), children.next()) {
            (Some(only), None) => self.expr(&only),
            (_, Some(second)) => Err(self.error("the expression ends before this", &second)),
            (None, None) => Err(self.error("an expression was expected", node)),
        }
    }

    /// Puts the operands and operators below a node in a row, in the order they are written.
    fn flatten(&self, node: &SyntaxNode, items: &mut Vec<Item>) -> Read<()> {
        let subscript = matches!(node.kind(), K::INDEX_EXPR | K::SLICE_EXPR);
        for element in node.children_with_tokens() {
            if is_trivia(element.kind()) {
                continue;
            }
            match &element {
                SyntaxElement::Token(token) if subscript && token.kind() == K::L_BRACK => {
                    items.push(Item::Subscript(node.clone()));
                    return Ok(());
                }
                SyntaxElement::Token(token) if node.kind() == K::FIELD_EXPR && token.kind() == K::DOT => {
                    let field = node.children().nth(1).map_or_else(|| Ok("*".into()), |n| self.name(&n))?;
                    items.push(Item::Field(field));
                    return Ok(());
                }
                SyntaxElement::Node(inner) if is_operator_node(inner) => self.flatten(inner, items)?,
                SyntaxElement::Node(inner) if !is_operator(inner.kind()) => items.push(Item::Operand(inner.clone())),
                _ => {
                    let op = plain_text(&element);
                    let op = undisguise(&op).map_or(op, str::to_owned);
                    items.push(Item::Operator(op, self.element_span(&element)));
                }
            }
        }
        Ok(())
    }
}

/// Whether a node is part of a chain of operators rather than an operand.
fn is_operator_node(node: &SyntaxNode) -> bool {
    match node.kind() {
        K::BIN_EXPR | K::PREFIX_EXPR | K::POSTFIX_EXPR | K::BETWEEN_EXPR | K::INDEX_EXPR | K::SLICE_EXPR => true,
        K::COLLATE => node.children().count() > 1,
        K::CAST_EXPR => has(node, K::COLON_COLON),
        K::FIELD_EXPR => node.children().next().is_some_and(|b| !matches!(b.kind(), K::NAME_REF | K::FIELD_EXPR)),
        _ => false,
    }
}

/// Whether a node stands for an operator of several tokens.
const fn is_operator(kind: K) -> bool {
    matches!(
        kind,
        K::CUSTOM_OP
            | K::OPERATOR_CALL
            | K::COLON_COLON
            | K::NOT_LIKE
            | K::NOT_ILIKE
            | K::NOT_IN
            | K::SIMILAR_TO
            | K::NOT_SIMILAR_TO
            | K::AT_TIME_ZONE
            | K::AT_LOCAL
            | K::IS_NOT
            | K::IS_DISTINCT_FROM
            | K::IS_NOT_DISTINCT_FROM
            | K::IS_NORMALIZED
            | K::IS_NOT_NORMALIZED
            | K::IS_JSON
            | K::IS_JSON_ARRAY
            | K::IS_JSON_OBJECT
            | K::IS_JSON_SCALAR
            | K::IS_JSON_VALUE
            | K::IS_NOT_JSON
            | K::IS_NOT_JSON_ARRAY
            | K::IS_NOT_JSON_OBJECT
            | K::IS_NOT_JSON_SCALAR
            | K::IS_NOT_JSON_VALUE
            | K::SYMMETRIC
            | K::ASYMMETRIC
            | K::GTEQ
            | K::LTEQ
            | K::NEQ
            | K::NEQB
    )
}

/// A call of a function of the server's own.
pub(super) fn simple_call(name: &str, args: Vec<Expr>, span: Span) -> Expr {
    Expr::call(QualifiedName { schema: None, name: name.into() }, args, span)
}
