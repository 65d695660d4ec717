//! BETWEEN in disguise, for the parser library.
//!
//! The library refuses NOT, IS and BETWEEN behind a BETWEEN (`a BETWEEN 1 AND 2 OR NOT b`). Where it
//! fails, the text is given to it once more with the words of each BETWEEN replaced by operators of the
//! same length; operators are only put in a row there, and [`undisguise`] turns them back before they are
//! nested by gram.y's precedence (see `climb`).

use squawk_syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode};

/// The words and the operators that stand for them: of the same length, and such that nobody defines them.
const DISGUISES: [(&str, &str); 5] =
    [("between", "@#@#@#@"), ("not", "@##"), ("and", "#@@"), ("symmetric", "@#@#@#@##"), ("asymmetric", "@#@#@#@#@#")];

/// The word that an operator stands for.
pub(super) fn undisguise(op: &str) -> Option<&'static str> {
    DISGUISES.iter().find(|d| d.1 == op).map(|d| d.0)
}

/// The text of a parsed file with every BETWEEN disguised; `None` when it has none. All offsets stay.
pub(super) fn disguise(root: &SyntaxNode) -> Option<String> {
    /// What is open: a parenthesis or CASE, and in it how many BETWEENs wait for their AND.
    struct Level {
        is_case: bool,
        waiting: usize,
    }
    let mut out = root.text().to_string().into_bytes();
    let mut levels = vec![Level { is_case: false, waiting: 0 }];
    let mut found = false;
    let mut last = (K::EOF, 0..0);
    for token in root.descendants_with_tokens().filter_map(SyntaxElement::into_token) {
        let kind = token.kind();
        let range = usize::from(token.text_range().start())..usize::from(token.text_range().end());
        if matches!(kind, K::WHITESPACE | K::COMMENT) {
            continue;
        }
        let mut replace = |range: &std::ops::Range<usize>, word: &str| {
            if let Some((_, op)) = DISGUISES.iter().find(|d| d.0 == word) {
                out[range.clone()].copy_from_slice(op.as_bytes());
            }
        };
        match kind {
            K::L_PAREN | K::L_BRACK => levels.push(Level { is_case: false, waiting: 0 }),
            K::CASE_KW => levels.push(Level { is_case: true, waiting: 0 }),
            K::R_PAREN | K::R_BRACK => {
                levels.pop();
            }
            K::END_KW if levels.last().is_some_and(|l| l.is_case) => {
                levels.pop();
            }
            // The frame of a window has a BETWEEN of its own.
            K::BETWEEN_KW if !matches!(last.0, K::ROWS_KW | K::RANGE_KW | K::GROUPS_KW | K::DOT) => {
                replace(&range, "between");
                if last.0 == K::NOT_KW {
                    replace(&last.1, "not");
                }
                if let Some(level) = levels.last_mut() {
                    level.waiting += 1;
                }
                found = true;
            }
            K::SYMMETRIC_KW if last.0 == K::BETWEEN_KW => replace(&range, "symmetric"),
            K::ASYMMETRIC_KW if last.0 == K::BETWEEN_KW => replace(&range, "asymmetric"),
            K::AND_KW => {
                if let Some(level) = levels.last_mut().filter(|l| l.waiting > 0) {
                    level.waiting -= 1;
                    replace(&range, "and");
                }
            }
            _ => {}
        }
        if levels.is_empty() {
            return None;
        }
        last = (kind, range);
    }
    if found { String::from_utf8(out).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use squawk_syntax::{SourceFile, ast::AstNode};

    use super::*;

    fn disguised(text: &str) -> Option<String> {
        disguise(SourceFile::parse(text).tree().syntax())
    }

    #[test]
    fn each_between_takes_its_own_and() {
        let text = "select a BETWEEN f(b and c) AND case when x and y then 1 end AND d NOT between symmetric 1 and 2";
        let found = disguised(text).expect("a BETWEEN");
        let expected =
            "select a @#@#@#@ f(b and c) #@@ case when x and y then 1 end AND d @## @#@#@#@ @#@#@#@## 1 #@@ 2";
        assert_eq!(found, expected);
        assert_eq!(disguised("select sum(x) over (rows between unbounded preceding and current row)"), None);
        assert_eq!(disguised("select 'a between b and c'"), None);
    }
}
