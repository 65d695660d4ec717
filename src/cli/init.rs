//! `predict init`: a workload file to start from.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::access::Statements;
use crate::cli::ExitStatus;
use crate::cli::error::notes;
use crate::cli::options::GlobalOptions;
use crate::cli::output::Output;
use crate::diagnostic::InputError;
use crate::forecast::{self, assemble};
use crate::schema::Schema;
use crate::workload::{self, starter::Starter};
use crate::yaml::Document;

/// Arguments.
#[derive(Debug, Args)]
#[command(after_help = "Every number in the file is a guess and says so; it can be forecast at once and is there to \
be edited.")]
pub struct InitArgs {
    /// Schema file (DDL), such as pg_dump --schema-only writes
    #[arg(value_name = "SCHEMA")]
    schema: PathBuf,
    /// Write the workload file here, whole or not at all, rather than to stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// A schema without tables, or a result that cannot be written.
pub fn run(args: &InitArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let schema = forecast::inputs::schema_of(&args.schema)?;
    if schema.tables.iter().all(|t| t.columns.is_empty()) {
        return Err(InputError::new(format!("`{}` defines no table with columns", args.schema.display()))
            .expected("DDL with at least one CREATE TABLE, such as pg_dump --schema-only writes")
            .into());
    }
    let output = Output::open(args.output.as_deref())?;
    notes(&assemble::warnings(schema.warnings.iter().cloned()), global);
    let named = path_from(&args.schema, args.output.as_deref());
    let stem = args.schema.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = std::path::absolute(&args.schema)
        .ok()
        .and_then(|p| Some(p.parent()?.file_name()?.to_string_lossy().into_owned()));
    let name = if stem == "schema" { folder.unwrap_or(stem) } else { stem };
    let mut starter = Starter::new(&schema, &name, &named.to_string_lossy());
    keep_what_is_read(&mut starter, &schema);
    output.finish(&starter.text())?;
    Ok(ExitStatus::Success)
}

/// The schema as the new file names it: relative to its folder where the schema lies there or below.
fn path_from(schema: &Path, output: Option<&Path>) -> PathBuf {
    let Some(output) = output.filter(|o| *o != Path::new("-")) else { return schema.to_path_buf() };
    let whole = |p: &Path| std::fs::canonicalize(p).or_else(|_| std::path::absolute(p));
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (whole(schema), whole(parent)) {
        (Ok(schema), Ok(folder)) => match schema.strip_prefix(&folder) {
            Ok(inside) => inside.to_path_buf(),
            Err(_) => schema,
        },
        _ => schema.to_path_buf(),
    }
}

/// Drops drafted transactions whose statements would not be read back, such as those over types that are not known.
fn keep_what_is_read(starter: &mut Starter, schema: &Schema) {
    if is_read(starter, schema) {
        return;
    }
    let mut kept = Vec::new();
    for transaction in std::mem::take(&mut starter.transactions) {
        starter.transactions = vec![transaction];
        if is_read(starter, schema) {
            kept.append(&mut starter.transactions);
        }
    }
    starter.transactions = kept;
    if starter.transactions.is_empty() {
        starter.count_only(schema);
    }
}

fn is_read(starter: &Starter, schema: &Schema) -> bool {
    let read = || {
        let document = Document::parse("workload.yaml", &starter.text())?;
        let workload = workload::from_document(&document)?;
        workload::check_against(&workload, schema)?;
        Statements::parse(schema, &workload).map(drop)
    };
    !starter.transactions.is_empty() && read().is_ok()
}
