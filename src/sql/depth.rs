//! How deep a recursive parser would have to go for a statement, measured without recursion.
//!
//! The parser recurses per parenthesis, operator, join and set operation. The measure is an upper
//! bound, so that a statement within the limits cannot exhaust the stack.

/// Parentheses, brackets and CASEs may nest so deep.
pub const MAX_NESTING: usize = 200;
/// Nesting and chains of operators, joins and set operations may together go so deep.
pub const MAX_DEPTH: usize = 1000;

/// Counts within one pair of parentheses.
#[derive(Debug, Default, Clone, Copy)]
struct Level {
    /// Operators since the last comma.
    operators: usize,
    /// Joins and set operations.
    joins: usize,
}

/// A running measure of one statement, fed token by token.
#[derive(Debug, Default)]
pub struct Depth {
    /// Open levels below the outermost.
    levels: Vec<Level>,
    outer: Level,
    /// Sum over all open levels.
    depth: usize,
    deepest_nesting: usize,
    deepest: usize,
}

impl Depth {
    /// How deep parentheses, brackets and CASEs have nested so far.
    pub const fn nesting(&self) -> usize {
        self.deepest_nesting
    }

    /// How deep a parser would have gone so far.
    pub const fn deepest(&self) -> usize {
        self.deepest
    }

    /// An opening parenthesis or bracket.
    pub fn open(&mut self) {
        self.levels.push(Level::default());
        self.deepest_nesting = self.deepest_nesting.max(self.levels.len());
        self.add();
    }

    /// A closing one; one too many is ignored.
    pub fn close(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.depth -= 1 + level.operators + level.joins;
        }
    }

    /// A comma: the operators before it do not nest what follows.
    pub fn separate(&mut self) {
        let level = self.levels.last_mut().unwrap_or(&mut self.outer);
        self.depth -= level.operators;
        level.operators = 0;
    }

    /// An operator made of symbols.
    pub fn operator(&mut self) {
        self.levels.last_mut().unwrap_or(&mut self.outer).operators += 1;
        self.add();
    }

    /// A word, lower case.
    pub fn word(&mut self, word: &str) {
        match word {
            "case" => self.open(),
            "end" => self.close(),
            "when" | "then" | "else" => self.separate(),
            "join" | "union" | "intersect" | "except" => {
                self.levels.last_mut().unwrap_or(&mut self.outer).joins += 1;
                self.add();
            }
            "and" | "or" | "not" | "is" | "isnull" | "notnull" | "in" | "like" | "ilike" | "similar" | "between"
            | "escape" | "collate" | "at" | "overlaps" => self.operator(),
            _ => {}
        }
    }

    fn add(&mut self) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }
}
