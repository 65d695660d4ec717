//! `predict import`: a running database as schema, workload and machine file.

use std::path::PathBuf;

use clap::Args;

use crate::cli::ExitStatus;
use crate::cli::connection::ConnectionOptions;
use crate::cli::options::GlobalOptions;

/// Arguments.
#[derive(Debug, Args)]
#[command(after_help = "Writes schema.sql, workload.yaml and machine.yaml. The database is only read, and of it the \
catalog and statistics alone. What no catalog knows, such as which values clients ask for, is a guess and says so.")]
pub struct ImportArgs {
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Folder for the three files; made when it is not there
    #[arg(short, long, value_name = "FOLDER", default_value = ".")]
    output: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Leave out values of the data: most common values, histograms, bounds
    #[arg(long)]
    no_values: bool,
    /// The most statements to take from pg_stat_statements
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    statements: u32,
}

/// Names of the files.
#[cfg(feature = "live")]
const FILES: [&str; 3] = ["schema.sql", "workload.yaml", "machine.yaml"];

/// Runs the command.
///
/// # Errors
/// No connection, files that are there, a folder that cannot be written.
#[cfg(feature = "live")]
pub fn run(args: &ImportArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    use crate::cli::output::Output;
    use crate::live::import::{Choice, read};
    use anyhow::Context;
    use std::io::Write;

    let conninfo = args.connection.conninfo(global)?;
    if !args.force {
        refuse_to_replace(&args.output)?;
    }
    std::fs::create_dir_all(&args.output).with_context(|| format!("failed to create `{}`", args.output.display()))?;
    let paths = FILES.map(|f| args.output.join(f));
    let outputs: Vec<Output> = paths.iter().map(|p| Output::open(Some(p))).collect::<anyhow::Result<_>>()?;
    let imported = read(&conninfo, Choice { values: !args.no_values, statements: args.statements })?;
    for (output, text) in outputs.into_iter().zip([&imported.schema, &imported.workload, &imported.machine]) {
        output.finish(text)?;
    }
    if !global.quiet {
        let paint = global.color.for_stderr();
        let mut err = std::io::stderr().lock();
        // Nowhere is left to report that stderr is closed.
        for note in &imported.notes {
            let _ = writeln!(err, "{}: {note}", paint.warn("warning"));
        }
        let [_, workload, machine] = &paths;
        let (workload, machine) = (workload.display(), machine.display());
        let _ = writeln!(err, "next: predict forecast --workload {workload} --machine {machine}");
    }
    Ok(ExitStatus::Success)
}

/// Without the feature `live` there is nothing to connect with.
///
/// # Errors
/// Always.
#[cfg(not(feature = "live"))]
pub fn run(_: &ImportArgs, _: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    super::connection::not_built()
}

#[cfg(feature = "live")]
fn refuse_to_replace(folder: &std::path::Path) -> anyhow::Result<()> {
    match FILES.iter().map(|f| folder.join(f)).find(|p| p.exists()) {
        Some(there) => {
            anyhow::bail!("`{}` is there already; name another folder by -o, or replace it by --force", there.display())
        }
        None => Ok(()),
    }
}
