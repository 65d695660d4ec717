//! Helpers over the parser library's nodes, shared by all that turn them into our tree.

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode, SyntaxToken};

use super::text::fold;
use super::tree::{QualifiedName, Span, Window};
use super::{Note, SqlError};

/// Turns the library's nodes into our tree.
pub(super) struct Reader {
    /// Offset of the parsed text in the text that spans refer to.
    base: isize,
    notes: Vec<Note>,
    /// Named windows of the SELECTs around, innermost last.
    pub(super) windows: Vec<Vec<(String, Window)>>,
}

/// What a conversion gives.
pub(super) type Read<T> = Result<T, SqlError>;

impl Reader {
    pub(super) const fn new(base: isize) -> Self {
        Self { base, notes: Vec::new(), windows: Vec::new() }
    }

    pub(super) fn into_notes(self) -> Vec<Note> {
        self.notes
    }

    /// Takes over what another reader has noted.
    pub(super) fn take_notes(&mut self, notes: Vec<Note>) {
        self.notes.extend(notes);
    }

    /// A range of the parsed text as a span of the text given.
    pub(super) fn offsets(&self, start: usize, end: usize) -> Span {
        let shift = |at: usize| at.saturating_add_signed(self.base);
        shift(start)..shift(end)
    }

    pub(super) fn span(&self, node: &SyntaxNode) -> Span {
        self.range(node.text_range())
    }

    /// The same without the space and the comments at its end.
    pub(super) fn bare_span(&self, node: &SyntaxNode) -> Span {
        let end = tokens(node).last().map_or_else(|| node.text_range().end(), |token| token.text_range().end());
        self.offsets(node.text_range().start().into(), end.into())
    }

    pub(super) fn element_span(&self, element: &SyntaxElement) -> Span {
        self.range(element.text_range())
    }

    fn range(&self, range: rowan::TextRange) -> Span {
        self.offsets(range.start().into(), range.end().into())
    }

    /// Notes what is left out.
    pub(super) fn note(&mut self, what: &str, node: &SyntaxNode) {
        let span = self.span(node);
        self.notes.push(Note { message: what.to_owned(), span });
    }

    /// The error for a form that the tree has no place for.
    pub(super) fn unsupported(&self, node: &SyntaxNode) -> SqlError {
        self.unsupported_as(&first_words(node), node)
    }

    /// The same, with a name of its own.
    pub(super) fn unsupported_as(&self, what: &str, node: &SyntaxNode) -> SqlError {
        SqlError { message: format!("{what} is not supported yet"), span: self.span(node) }
    }

    /// The error for a text that the library read and PostgreSQL would not.
    pub(super) fn error(&self, message: &str, node: &SyntaxNode) -> SqlError {
        SqlError { message: message.to_owned(), span: self.span(node) }
    }

    /// The first child, which must be there.
    pub(super) fn first_child(&self, node: &SyntaxNode) -> Read<SyntaxNode> {
        node.children().next().ok_or_else(|| self.error("something is missing here", node))
    }

    /// A possibly qualified name, from a node that holds a path; a database name in front is dropped.
    pub(super) fn qualified(&self, node: &SyntaxNode) -> Read<QualifiedName> {
        let mut parts = names(node);
        let name = parts.pop().ok_or_else(|| self.error("a name is missing here", node))?;
        Ok(QualifiedName { schema: parts.pop(), name })
    }

    /// The one name in a node.
    pub(super) fn name(&self, node: &SyntaxNode) -> Read<String> {
        names(node).pop().ok_or_else(|| self.error("a name is missing here", node))
    }
}

/// Whether a kind is space or comment.
pub(super) const fn is_trivia(kind: K) -> bool {
    matches!(kind, K::WHITESPACE | K::COMMENT)
}

/// All tokens below a node but space and comments.
pub(super) fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens().filter_map(SyntaxElement::into_token).filter(|t| !is_trivia(t.kind()))
}

/// The names below a node, folded, without the dots between them.
pub(super) fn names(node: &SyntaxNode) -> Vec<String> {
    tokens(node)
        .filter(|t| !matches!(t.kind(), K::DOT | K::L_PAREN | K::R_PAREN | K::COMMA | K::STAR | K::ONLY_KW | K::AS_KW))
        .map(|t| fold(t.text()))
        .collect()
}

/// Whether a node has such a token or node as a direct child.
pub(super) fn has(node: &SyntaxNode, kind: K) -> bool {
    node.children_with_tokens().any(|c| c.kind() == kind)
}

/// The first direct child node of a kind.
pub(super) fn child(node: &SyntaxNode, kind: K) -> Option<SyntaxNode> {
    node.children().find(|c| c.kind() == kind)
}

/// The text of a node in lower case with single spaces between words, as messages and operators need it.
pub(super) fn plain_text(element: &SyntaxElement) -> String {
    match element {
        SyntaxElement::Token(token) => token.text().to_lowercase(),
        SyntaxElement::Node(node) => {
            let mut out = String::new();
            for token in tokens(node) {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                if out.ends_with(word) && token.text().starts_with(word) {
                    out.push(' ');
                }
                out.push_str(&token.text().to_lowercase());
            }
            out
        }
    }
}

/// The first words of a node, in capitals where they are keywords, for messages.
pub(super) fn first_words(node: &SyntaxNode) -> String {
    let mut out = String::new();
    for (count, token) in tokens(node).enumerate() {
        if count == 3 || (count > 0 && out.len() + token.text().len() > 40) {
            break;
        }
        if count > 0 {
            out.push(' ');
        }
        out.extend(token.text().chars().take(40));
    }
    if out.is_empty() { "this".into() } else { out }
}
