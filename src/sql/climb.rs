//! Precedence climbing over a flattened chain of operators, by gram.y's table.

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

use super::SqlError;
use super::expr::{Item, simple_call};
use super::node::{Read, Reader, has, plain_text};
use super::tree::{Expr, Literal, Span};

/// Binding strengths, weakest first: the order of the precedence declarations in gram.y
/// (PostgreSQL 9.5 to 18).
mod level {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const IS: u8 = 4;
    pub const COMPARISON: u8 = 5;
    pub const RANGE: u8 = 6;
    pub const OPERATOR: u8 = 8;
    pub const SUM: u8 = 9;
    pub const PRODUCT: u8 = 10;
    pub const POWER: u8 = 11;
    pub const AT: u8 = 12;
    pub const COLLATE: u8 = 13;
    pub const SIGN: u8 = 14;
    pub const CAST: u8 = 16;
}

/// What an infix operator does and how strongly it binds.
struct Infix {
    op: String,
    level: u8,
    kind: Kind,
    /// How many items the operator takes (NOT LIKE may be two).
    items: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    LeftAssociative,
    NonAssociative,
    /// IS NULL and the like: no right operand in the chain, or one that cannot grow.
    Postfix,
    Is,
    Between,
    In,
    Cast,
    Collate,
}

/// A flattened chain and how far it has been read.
pub(super) struct Chain<'a> {
    items: Vec<Item>,
    at: usize,
    reader: &'a mut Reader,
    end: Span,
}

impl<'a> Chain<'a> {
    /// The chain below `node`.
    pub(super) fn new(items: Vec<Item>, reader: &'a mut Reader, node: &SyntaxNode) -> Self {
        let end = reader.span(node);
        Self { items, at: 0, reader, end }
    }

    /// The expression that the whole chain is.
    pub(super) fn read(&mut self) -> Read<Expr> {
        let expr = self.climb(0, false)?;
        match self.items.get(self.at) {
            None => Ok(expr),
            Some(item) => Err(self.unexpected(item)),
        }
    }

    /// Builds the longest expression from here whose operators bind at least as strongly as
    /// `weakest`. `restricted` is gram.y's b_expr, the lower end of BETWEEN.
    fn climb(&mut self, weakest: u8, restricted: bool) -> Read<Expr> {
        let mut left = self.prefix(restricted)?;
        // The level of the last operator that must not be followed by another of its level.
        let mut blocked = None;
        loop {
            match self.items.get(self.at) {
                Some(Item::Subscript(node)) => {
                    let node = node.clone();
                    left = Expr::Access { base: Box::new(left), index: self.reader.subscripts(&node)? };
                    self.at += 1;
                    continue;
                }
                Some(Item::Field(field)) => {
                    let index = vec![Expr::Literal(Literal::Text(field.clone()))];
                    left = Expr::Access { base: Box::new(left), index };
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            let Some(infix) = self.infix() else { break };
            if infix.level < weakest || (restricted && !allowed_in_b_expr(&infix)) {
                break;
            }
            if blocked == Some(infix.level) {
                return Err(SqlError {
                    message: format!("`{}` cannot follow another operator of its kind without parentheses", infix.op),
                    span: self.here(),
                });
            }
            self.at += infix.items;
            blocked = None;
            left = match infix.kind {
                Kind::Postfix => postfix(left, &infix.op),
                Kind::Is => self.is_test(left, &infix.op)?,
                Kind::In => self.membership(left, infix.op == "not in")?,
                Kind::Cast => {
                    let ty = self.operand()?;
                    Expr::Cast { expr: Box::new(left), to: self.reader.type_text(&ty) }
                }
                Kind::Collate => {
                    let collation = self.operand()?;
                    Expr::Collate { expr: Box::new(left), collation: self.reader.qualified(&collation)? }
                }
                Kind::Between => {
                    blocked = Some(level::RANGE);
                    self.between(left, infix.op == "not between")?
                }
                Kind::LeftAssociative | Kind::NonAssociative => {
                    if let Some((all, array)) = self.quantified()? {
                        let (expr, array) = (Box::new(left), Box::new(array));
                        left = Expr::Quantified { expr, op: symbols(infix.op), all, array };
                        continue;
                    }
                    if infix.kind == Kind::NonAssociative {
                        blocked = Some(infix.level);
                    }
                    let right = self.climb(infix.level + 1, restricted)?;
                    self.binary(left, infix.op, right)?
                }
            };
        }
        Ok(left)
    }

    /// An operand with the prefix operators before it.
    fn prefix(&mut self, restricted: bool) -> Read<Expr> {
        let op = match self.items.get(self.at) {
            Some(Item::Operand(node)) => {
                let node = node.clone();
                self.at += 1;
                return self.reader.atom(&node);
            }
            Some(Item::Operator(op, _)) => operator_name(op),
            Some(item) => return Err(self.unexpected(item)),
            None => return Err(SqlError { message: "an operand is missing here".into(), span: self.end.clone() }),
        };
        let (strength, known) = match op.as_str() {
            "not" => (level::NOT, !restricted),
            "+" | "-" => (level::SIGN, true),
            _ => (level::OPERATOR + 1, is_symbols(&op)),
        };
        if !known {
            return Err(self.unexpected(&self.items[self.at]));
        }
        self.at += 1;
        let operand = self.climb(strength, restricted)?;
        // The server folds the sign into a constant (doNegate in gram.y).
        Ok(match operand {
            Expr::Literal(Literal::Number(n)) if op == "-" => Expr::Literal(Literal::Number(-n)),
            operand => Expr::Unary { op: symbols(op), expr: Box::new(operand) },
        })
    }

    /// The infix operator that stands here.
    fn infix(&self) -> Option<Infix> {
        let Some(Item::Operator(text, _)) = self.items.get(self.at) else { return None };
        let mut op = operator_name(text);
        let mut items = 1;
        if op == "not"
            && let Some(Item::Operator(next, _)) = self.items.get(self.at + 1)
        {
            op = format!("not {next}");
            items = 2;
        }
        let (level, kind) = match op.as_str() {
            "or" => (level::OR, Kind::LeftAssociative),
            "and" => (level::AND, Kind::LeftAssociative),
            "is distinct from" | "is not distinct from" => (level::IS, Kind::NonAssociative),
            "is" | "is not" => (level::IS, Kind::Is),
            "isnull" | "notnull" => (level::IS, Kind::Postfix),
            _ if op.starts_with("is ") => (level::IS, Kind::Postfix),
            "=" | "<" | ">" | "<=" | ">=" | "<>" => (level::COMPARISON, Kind::NonAssociative),
            "like" | "ilike" | "not like" | "not ilike" | "similar to" | "not similar to" => {
                (level::RANGE, Kind::NonAssociative)
            }
            "between" | "not between" => (level::RANGE, Kind::Between),
            "in" | "not in" => (level::RANGE, Kind::In),
            "+" | "-" => (level::SUM, Kind::LeftAssociative),
            "*" | "/" | "%" => (level::PRODUCT, Kind::LeftAssociative),
            "^" => (level::POWER, Kind::LeftAssociative),
            "at time zone" => (level::AT, Kind::LeftAssociative),
            "at local" => (level::AT, Kind::Postfix),
            "collate" => (level::COLLATE, Kind::Collate),
            "::" => (level::CAST, Kind::Cast),
            // `row OVERLAPS row` has no precedence of its own in gram.y; rows are its only operands.
            "overlaps" => (level::OPERATOR, Kind::NonAssociative),
            _ if is_symbols(&op) => (level::OPERATOR, Kind::LeftAssociative),
            _ => return None,
        };
        Some(Infix { op, level, kind, items })
    }

    fn here(&self) -> Span {
        self.items.get(self.at).map_or_else(|| self.end.clone(), |item| self.item_span(item))
    }

    fn item_span(&self, item: &Item) -> Span {
        match item {
            Item::Operand(node) | Item::Subscript(node) => self.reader.span(node),
            Item::Operator(_, span) => span.clone(),
            Item::Field(_) => self.end.clone(),
        }
    }

    fn unexpected(&self, item: &Item) -> SqlError {
        SqlError { message: "cannot read the expression from here".into(), span: self.item_span(item) }
    }

    /// The operand here, as a node.
    fn operand(&mut self) -> Read<SyntaxNode> {
        match self.items.get(self.at) {
            Some(Item::Operand(node)) => {
                let node = node.clone();
                self.at += 1;
                Ok(node)
            }
            Some(item) => Err(self.unexpected(item)),
            None => Err(SqlError { message: "an operand is missing here".into(), span: self.end.clone() }),
        }
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = matches!(self.items.get(self.at), Some(Item::Operator(op, _)) if op == word);
        self.at += usize::from(found);
        found
    }

    /// What follows IS [NOT].
    fn is_test(&mut self, left: Expr, op: &str) -> Read<Expr> {
        let negated = op == "is not";
        let node = self.operand()?;
        let test = plain_text(&SyntaxElement::Node(node.clone()));
        match test.as_str() {
            "null" => Ok(Expr::IsNull { expr: Box::new(left), negated }),
            "true" | "false" | "unknown" | "document" => {
                let test = if negated { format!("not {test}") } else { test };
                Ok(Expr::Is { expr: Box::new(left), test })
            }
            _ => Err(self.reader.unsupported(&node)),
        }
    }

    /// The list or subquery after IN.
    fn membership(&mut self, left: Expr, negated: bool) -> Read<Expr> {
        let node = self.operand()?;
        let expr = Box::new(left);
        if !matches!(node.kind(), K::PAREN_EXPR | K::TUPLE_EXPR) || has(&node, K::ROW_KW) {
            return Err(self.reader.error("a list in parentheses was expected after IN", &node));
        }
        let mut list = Vec::new();
        for child in node.children() {
            // ((SELECT ...)) is a subquery just as (SELECT ...) is.
            match self.reader.as_subquery(&child)? {
                Some(query) if node.children().count() == 1 => {
                    return Ok(Expr::InSubquery { expr, query: Box::new(query), negated });
                }
                Some(query) => list.push(Expr::Subquery(Box::new(query))),
                None => list.push(self.reader.expr(&child)?),
            }
        }
        Ok(Expr::InList { expr, list, negated })
    }

    fn between(&mut self, left: Expr, negated: bool) -> Read<Expr> {
        let symmetric = self.takes("symmetric");
        if !symmetric {
            self.takes("asymmetric");
        }
        let low = Box::new(self.climb(0, true)?);
        if !self.takes("and") {
            return Err(SqlError { message: "BETWEEN needs an AND here".into(), span: self.here() });
        }
        let high = Box::new(self.climb(level::RANGE + 1, false)?);
        let expr = Box::new(left);
        if !symmetric {
            return Ok(Expr::Between { expr, low, high, negated });
        }
        // As gram.y and parse_expr.c do: one of the two orders holds, or none of them.
        let swapped = Expr::Between { expr: expr.clone(), low: high.clone(), high: low.clone(), negated };
        Ok(Expr::Binary {
            op: if negated { "and" } else { "or" }.into(),
            left: Box::new(Expr::Between { expr, low, high, negated }),
            right: Box::new(swapped),
        })
    }

    /// ANY (...) or ALL (...) as the right side of an operator, when one stands here: whether it is ALL,
    /// and its array or subquery.
    fn quantified(&mut self) -> Read<Option<(bool, Expr)>> {
        let Some(Item::Operand(node)) = self.items.get(self.at) else { return Ok(None) };
        let Some(inner) = node.first_child() else { return Ok(None) };
        let all = match inner.kind() {
            K::ANY_FN | K::SOME_FN => false,
            K::ALL_FN => true,
            _ => return Ok(None),
        };
        self.at += 1;
        let array = self.reader.first_child(&inner)?;
        Ok(Some(match self.reader.as_subquery(&array)? {
            Some(query) => (all, Expr::Subquery(Box::new(query))),
            None => (all, self.reader.expr(&array)?),
        }))
    }

    fn binary(&mut self, left: Expr, op: String, right: Expr) -> Read<Expr> {
        let right = match op.as_str() {
            "like" | "ilike" | "not like" | "not ilike" | "similar to" | "not similar to" => {
                let similar = op.ends_with("to");
                if self.takes("escape") {
                    let escape = self.climb(level::RANGE + 1, false)?;
                    self.call(if similar { "similar_to_escape" } else { "like_escape" }, vec![right, escape])
                } else if similar {
                    self.call("similar_to_escape", vec![right])
                } else {
                    right
                }
            }
            "at time zone" => return Ok(self.call("timezone", vec![right, left])),
            "overlaps" => {
                let (Expr::Row(mut all), Expr::Row(second)) = (left, right) else {
                    return Err(SqlError { message: "OVERLAPS compares rows of two".into(), span: self.here() });
                };
                all.extend(second);
                return Ok(self.call("overlaps", all));
            }
            _ => right,
        };
        Ok(Expr::Binary { op: symbols(op), left: Box::new(left), right: Box::new(right) })
    }

    fn call(&self, name: &str, args: Vec<Expr>) -> Expr {
        simple_call(name, args, self.end.clone())
    }
}

fn postfix(left: Expr, op: &str) -> Expr {
    let expr = Box::new(left);
    match op {
        "isnull" => Expr::IsNull { expr, negated: false },
        "notnull" => Expr::IsNull { expr, negated: true },
        "at local" => simple_call("timezone", vec![*expr], 0..0),
        _ => Expr::Is { expr, test: op.strip_prefix("is ").unwrap_or(op).to_owned() },
    }
}

/// gram.y's b_expr has neither logic nor membership tests.
fn allowed_in_b_expr(infix: &Infix) -> bool {
    match infix.level {
        level::OR | level::AND | level::RANGE | level::AT | level::COLLATE => false,
        level::IS => infix.kind == Kind::NonAssociative || infix.op.ends_with("document"),
        _ => true,
    }
}

/// The operator's own name: `!=` is `<>`; OPERATOR(schema.+) is marked, since it binds like `||`.
fn operator_name(text: &str) -> String {
    if let Some(inner) = text.strip_prefix("operator(").and_then(|t| t.strip_suffix(')')) {
        let symbols = inner.rfind(|c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '.')).map_or(0, |at| at + 1);
        return format!("operator {}", &inner[symbols..]);
    }
    if text == "!=" { "<>".into() } else { text.to_owned() }
}

/// The operator without the mark that it was written as OPERATOR().
fn symbols(op: String) -> String {
    op.strip_prefix("operator ").map(str::to_owned).unwrap_or(op)
}

/// Whether an operator is written in symbols; OPERATOR() binds like any of them.
fn is_symbols(op: &str) -> bool {
    let op = op.strip_prefix("operator ").unwrap_or(op);
    !op.is_empty() && op.chars().all(|c| "+-*/<>=~!@#%^&|`?".contains(c))
}
