//! Reads pgbench's expressions, with the precedence of its grammar.

use super::node::{Node, folded_case};
use super::value::Value;

/// Levels of parentheses and operators that an expression may nest.
const MAX_DEPTH: usize = 100;

/// What is wrong with an expression, and the byte of its text where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExprError {
    pub(super) message: String,
    pub(super) at: usize,
    pub(super) nearest: Option<String>,
}

/// What variables and draws mean where the expression stands.
pub(super) trait Scope {
    /// The variable of that name.
    fn variable(&mut self, name: &str) -> Option<Node>;
    /// All names, for suggestions.
    fn names(&self) -> Vec<String>;
    /// A random draw with its arguments.
    fn draw(&mut self, function: &'static str, arguments: Vec<Node>) -> Result<Node, String>;
}

/// Functions with the least and most arguments they take.
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("abs", 1, 1),
    ("debug", 1, 1),
    ("double", 1, 1),
    ("exp", 1, 1),
    ("greatest", 1, usize::MAX),
    ("hash", 1, 2),
    ("hash_fnv1a", 1, 2),
    ("hash_murmur2", 1, 2),
    ("int", 1, 1),
    ("least", 1, usize::MAX),
    ("ln", 1, 1),
    ("mod", 2, 2),
    ("permute", 2, 3),
    ("pi", 0, 0),
    ("pow", 2, 2),
    ("power", 2, 2),
    ("random", 2, 2),
    ("random_exponential", 3, 3),
    ("random_gaussian", 3, 3),
    ("random_zipfian", 3, 3),
    ("sqrt", 1, 1),
];

/// Binary operators, loosest first, as pgbench's grammar binds them; all associate to the left.
const BINARY: &[&[&str]] = &[
    &["or"],
    &["and"],
    &["not"],
    &["is"],
    &["<=", ">=", "<>", "!=", "<", ">", "="],
    &["<<", ">>", "|", "#", "&"],
    &["+", "-"],
    &["*", "/", "%"],
];

struct Parser<'a, 's> {
    text: &'a str,
    at: usize,
    depth: usize,
    scope: &'s mut dyn Scope,
}

/// Reads a whole expression; constants are folded.
pub(super) fn parse(text: &str, scope: &mut dyn Scope) -> Result<Node, ExprError> {
    let mut parser = Parser { text, at: 0, depth: 0, scope };
    let node = parser.level(0)?;
    parser.space();
    if parser.at < text.len() { Err(parser.unexpected()) } else { Ok(node) }
}

impl Parser<'_, '_> {
    fn error<T>(&self, at: usize, message: impl Into<String>) -> Result<T, ExprError> {
        Err(ExprError { message: message.into(), at, nearest: None })
    }

    fn unexpected(&self) -> ExprError {
        let rest = &self.text[self.at..];
        let word = rest.split_whitespace().next().unwrap_or("the end");
        ExprError { message: format!("`{word}` does not fit here in the expression"), at: self.at, nearest: None }
    }

    /// Skips white space and line continuations.
    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            match trimmed.strip_prefix('\\').map(|r| r.trim_start_matches('\r')) {
                Some(next) if next.starts_with('\n') => self.at = self.text.len() - next.len() + 1,
                _ => return,
            }
        }
    }

    fn word(&mut self) -> &str {
        self.space();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        &rest[..end]
    }

    /// Takes a keyword or an operator, if it is next.
    fn take(&mut self, token: &str) -> bool {
        self.space();
        let found = if token.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.word().eq_ignore_ascii_case(token)
        } else {
            self.text[self.at..].starts_with(token)
        };
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), ExprError> {
        if self.take(token) {
            return Ok(());
        }
        let found = self.unexpected();
        self.error(found.at, format!("{}: `{token}` is missing", found.message))
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.error(self.at, format!("an expression nested deeper than {MAX_DEPTH} levels"));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn level(&mut self, level: usize) -> Result<Node, ExprError> {
        let Some(operators) = BINARY.get(level) else { return self.unary() };
        match operators[0] {
            "not" => {
                let at = self.at;
                return if self.take("not") {
                    let operand = self.nested(|p| p.level(level))?;
                    self.call(at, "not", vec![operand])
                } else {
                    self.level(level + 1)
                };
            }
            "is" => return self.tests(level),
            _ => {}
        }
        let mut left = self.level(level + 1)?;
        // Comparisons do not associate: one at most.
        let chained = operators[0] != "<=";
        loop {
            self.space();
            let at = self.at;
            // `<` must not take the first half of `<<`.
            let shift = self.text[at..].starts_with("<<") || self.text[at..].starts_with(">>");
            let Some(operator) = operators.iter().find(|o| !(shift && o.len() == 1) && self.take(o)) else {
                return Ok(left);
            };
            let right = self.level(level + 1)?;
            left = self.call(at, if *operator == "!=" { "<>" } else { operator }, vec![left, right])?;
            if !chained {
                return Ok(left);
            }
        }
    }

    /// IS [NOT] NULL, TRUE, FALSE; ISNULL, NOTNULL.
    fn tests(&mut self, level: usize) -> Result<Node, ExprError> {
        let operand = self.level(level + 1)?;
        let at = self.at;
        if self.take("isnull") {
            return self.call(at, "is null", vec![operand]);
        }
        if self.take("notnull") {
            let test = self.call(at, "is null", vec![operand])?;
            return self.call(at, "not", vec![test]);
        }
        if !self.take("is") {
            return Ok(operand);
        }
        let negated = self.take("not");
        let name = match () {
            () if self.take("null") => "is null",
            () if self.take("true") => "is true",
            () if self.take("false") => "is false",
            () => return Err(self.unexpected()),
        };
        let test = self.call(at, name, vec![operand])?;
        if negated { self.call(at, "not", vec![test]) } else { Ok(test) }
    }

    fn unary(&mut self) -> Result<Node, ExprError> {
        self.space();
        let at = self.at;
        if self.take("-") {
            let operand = self.nested(Self::unary)?;
            return self.call(at, "-", vec![Node::Const(Value::Int(0)), operand]);
        }
        if self.take("+") {
            return self.nested(Self::unary);
        }
        if self.take("~") {
            let operand = self.nested(Self::unary)?;
            return self.call(at, "#", vec![Node::Const(Value::Int(-1)), operand]);
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Node, ExprError> {
        self.space();
        let at = self.at;
        let first = self.text[at..].chars().next();
        if self.take("(") {
            let inner = self.nested(|p| p.level(0))?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take(":") {
            let name = self.word().to_owned();
            self.at += name.len();
            return match self.scope.variable(&name) {
                Some(node) => Ok(node),
                None => {
                    let names = self.scope.names();
                    let nearest =
                        crate::diagnostic::nearest(&name, names.iter().map(String::as_str)).map(str::to_owned);
                    Err(ExprError { message: format!("undefined variable `:{name}`"), at, nearest })
                }
            };
        }
        if first.is_some_and(|c| c.is_ascii_digit() || c == '.') {
            return self.number();
        }
        let word = self.word().to_ascii_lowercase();
        self.at += word.len();
        match word.as_str() {
            "null" => Ok(Node::Const(Value::Null)),
            "true" => Ok(Node::Const(Value::Bool(true))),
            "false" => Ok(Node::Const(Value::Bool(false))),
            "case" => self.nested(Self::case),
            "" => {
                self.at = at;
                Err(self.unexpected())
            }
            _ => self.nested(|p| p.function(at, &word)),
        }
    }

    fn number(&mut self) -> Result<Node, ExprError> {
        let at = self.at;
        let rest = &self.text[at..];
        let mut end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        if rest[end..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
            let digits = rest[end + 1 + sign..].chars().take_while(char::is_ascii_digit).count();
            if digits > 0 {
                end += 1 + sign + digits;
            }
        }
        let text = &rest[..end];
        self.at += end;
        if let Ok(n) = text.parse::<i64>() {
            return Ok(Node::Const(Value::Int(n)));
        }
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() && text.contains(['.', 'e', 'E']) => Ok(Node::Const(Value::Double(x))),
            _ => self.error(at, format!("`{text}` is not a number that pgbench can hold")),
        }
    }

    fn case(&mut self) -> Result<Node, ExprError> {
        let mut arms = Vec::new();
        while self.take("when") {
            let condition = self.level(0)?;
            self.expect("then")?;
            arms.push((condition, self.level(0)?));
        }
        if arms.is_empty() {
            return Err(self.unexpected());
        }
        let otherwise = if self.take("else") { self.level(0)? } else { Node::Const(Value::Null) };
        self.expect("end")?;
        Ok(folded_case(arms, otherwise))
    }

    fn function(&mut self, at: usize, word: &str) -> Result<Node, ExprError> {
        let Some((name, least, most)) = FUNCTIONS.iter().find(|(n, ..)| *n == word) else {
            let nearest = crate::diagnostic::nearest(word, FUNCTIONS.iter().map(|f| f.0)).map(str::to_owned);
            return Err(ExprError { message: format!("unknown function `{word}`"), at, nearest });
        };
        self.expect("(")?;
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.level(0)?);
                if self.take(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        if arguments.len() < *least || arguments.len() > *most {
            return self.error(at, format!("`{name}` does not take {} arguments", arguments.len()));
        }
        if name.starts_with("random") {
            return self.scope.draw(name, arguments).or_else(|message| self.error(at, message));
        }
        self.call(at, name, arguments)
    }

    /// A call, or its value when all arguments are known.
    fn call(&self, at: usize, name: &'static str, arguments: Vec<Node>) -> Result<Node, ExprError> {
        let known: Option<Vec<Value>> =
            arguments.iter().map(|a| if let Node::Const(v) = a { Some(*v) } else { None }).collect();
        match known.map(|values| super::value::apply(name, &values)) {
            None | Some(Ok(None)) => Ok(Node::Call(name, arguments)),
            Some(Ok(Some(value))) => Ok(Node::Const(value)),
            Some(Err(message)) => self.error(at, message),
        }
    }
}
