//! Statements on their way out again: as pgbench takes them.

use super::placeholder::{Piece, Scanner, name_length};

/// A statement whose `$n` stand for variables, as pgbench takes it: `value(n)` in place of `$n`, comments left out,
/// and a colon inside quotes written so that pgbench does not take what follows for a variable.
///
/// # Errors
/// The offset of a colon that cannot be written otherwise: in a dollar-quoted constant or a quoted identifier.
pub fn for_pgbench(sql: &str, mut value: impl FnMut(usize) -> String) -> Result<String, usize> {
    let mut out = String::with_capacity(sql.len() + 16);
    for (piece, start, end) in Scanner::new(sql, 0) {
        let written = &sql[start..end];
        match piece {
            Piece::Parameter(_) => match written[1..].parse() {
                Ok(number) => {
                    let value = value(number);
                    // Two minus signs would begin a comment.
                    let apart = if out.ends_with('-') { " " } else { "" };
                    out.push_str(apart);
                    out.push_str(&value);
                }
                Err(_) => return Err(start),
            },
            Piece::Opaque if written.starts_with("--") || written.starts_with("/*") => out.push(' '),
            Piece::Opaque => match variable_like(written) {
                None => out.push_str(written),
                Some(_) if written.starts_with('\'') => {
                    let inner = written.replace('\\', "\\\\").replace(':', "\\x3a");
                    // A word before it would become one with the E.
                    let apart = if out.ends_with(|c: char| c.is_alphanumeric() || c == '_') { " E" } else { "E" };
                    out.push_str(apart);
                    out.push_str(&inner);
                }
                Some(_) if written.starts_with(['e', 'E']) => out.push_str(&written.replace(':', "\\x3a")),
                Some(at) => return Err(start + at),
            },
            Piece::Semicolon => {}
            _ => out.push_str(written),
        }
    }
    Ok(out)
}

/// Where pgbench would see a variable in a text.
fn variable_like(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(colon) = text[at..].find(':').map(|i| at + i) {
        if name_length(&text[colon + 1..]) > 0 {
            return Some(colon);
        }
        at = colon + 1;
    }
    None
}

#[cfg(test)]
mod pgbench_tests {
    use super::for_pgbench;

    #[test]
    fn colons_and_comments_are_out_of_pgbench_s_way() {
        let text = |sql| for_pgbench(sql, |n| format!(":v{n}"));
        assert_eq!(text("SELECT $1::int -- :x\n, a-$2").unwrap(), "SELECT :v1::int  \n, a- :v2");
        assert_eq!(
            text("SELECT '{\"a\":true}', '12:30', 'b: c'").unwrap(),
            "SELECT E'{\"a\"\\x3atrue}', '12:30', 'b: c'"
        );
        assert_eq!(text("SELECT 'it''s \\ :x'").unwrap(), "SELECT E'it''s \\\\ \\x3ax'");
        assert_eq!(text("SELECT date'1:x'").unwrap(), "SELECT date E'1\\x3ax'");
        assert_eq!(text("SELECT $$a:b$$"), Err(10));
        assert_eq!(text("SELECT \"a:b\""), Err(9));
    }
}
