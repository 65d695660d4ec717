//! Tables for people: comfy-table with the look of this tool.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::render::WIDTH;

/// A table of text without borders: a header, then rows; the first `left` columns are aligned left,
/// the others right.
#[must_use]
pub fn plain(header: &[&str], rows: &[Vec<String>], left: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(WIDTH).unwrap_or(80))
        .set_header(header.iter().map(|h| (*h).to_owned()));
    for row in rows {
        table.add_row(row.clone());
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if i == 0 { 2 } else { 1 }, 1));
        column.set_cell_alignment(if i < left { CellAlignment::Left } else { CellAlignment::Right });
    }
    // Trailing blanks are noise in a pipe.
    table.lines().fold(String::new(), |out, line| out + line.trim_end() + "\n")
}

/// A GitHub-flavoured Markdown table.
#[must_use]
pub fn markdown(header: &[&str], rows: &[Vec<String>], left: usize) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut out = line(&mut header.iter().map(|h| escape(h)));
    out += &line(&mut (0..header.len()).map(|i| if i < left { "---" } else { "---:" }.to_owned()));
    for row in rows {
        out += &line(&mut row.iter().map(|c| escape(c)));
    }
    out
}

fn escape(cell: &str) -> String {
    cell.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_escapes_pipes() {
        let out = markdown(&["a", "b"], &[vec!["x|y".into(), "1".into()]], 1);
        assert_eq!(out, "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n");
    }

    #[test]
    fn plain_lines_have_no_trailing_blanks_and_fit() {
        let rows = vec![vec!["server_cpu".to_owned(), "31%".to_owned()], vec!["x".repeat(90), "1%".to_owned()]];
        let out = plain(&["station", "busy"], &rows, 1);
        assert!(out.lines().all(|l| l.chars().count() <= WIDTH && l.trim_end() == l), "{out}");
        assert!(out.starts_with("  station"), "{out}");
    }
}
