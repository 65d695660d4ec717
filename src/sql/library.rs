//! The parser library's tree of a text, and the first of its errors that counts.

use std::ops::Range;

use rowan::{GreenNodeBuilder, Language};
use squawk_parser::{EntryPoint, LexedStr, StrStep};
use squawk_syntax::{SourceFile, SyntaxKind as K, SyntaxNode};

/// A parsed text.
pub(super) struct Tree {
    /// The node of the whole text.
    pub(super) root: SyntaxNode,
    /// The first error: its message and its place in the text.
    pub(super) error: Option<(String, Range<usize>)>,
}

impl Tree {
    /// Parses a text with all checks that the library has.
    pub(super) fn checked(text: &str) -> Self {
        let parsed = SourceFile::parse(text);
        // The library looks for the operator in its own nesting, which is not always the right one; `climb`
        // looks too.
        let error = parsed.errors().into_iter().find(|e| !e.message().ends_with("must follow an operator"));
        let place = |range: rowan::TextRange| range.start().into()..range.end().into();
        Self { root: parsed.syntax_node(), error: error.map(|e| (e.message().to_owned(), place(e.range()))) }
    }

    /// Parses a text and checks its syntax only: half of the time, for schemas of thousands of tables,
    /// whose bodies of routines are none of ours either.
    pub(super) fn unchecked(text: &str) -> Self {
        let lexed = LexedStr::new(text);
        let output = EntryPoint::SourceFile.parse(&lexed.to_input());
        let mut builder = GreenNodeBuilder::new();
        let mut error: Option<(String, Range<usize>)> = None;
        let mut first = |message: &str, range: Range<usize>| {
            if error.as_ref().is_none_or(|e| range.start < e.1.start) {
                error = Some((message.to_owned(), range));
            }
        };
        lexed.intersperse_trivia(&output, &mut |step| match step {
            StrStep::Token { kind, text } => builder.token(raw(kind), text),
            StrStep::Enter { kind } => builder.start_node(raw(kind)),
            StrStep::Exit => builder.finish_node(),
            StrStep::Error { msg, pos } => first(msg, pos..pos),
        });
        for (range, message) in lexed.errors() {
            first(message, range.start as usize..range.end as usize);
        }
        Self { root: SyntaxNode::new_root(builder.finish()), error }
    }
}

fn raw(kind: K) -> rowan::SyntaxKind {
    <SyntaxNode as LanguageOf>::Of::kind_to_raw(kind)
}

/// The language of a tree, which the library does not name in public.
trait LanguageOf {
    type Of: Language<Kind = K>;
}

impl<L: Language<Kind = K>> LanguageOf for rowan::SyntaxNode<L> {
    type Of = L;
}
