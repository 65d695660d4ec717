//! Provides the options that commands share, as typed and as meant.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::diagnostic::{InputError, TextOrigin};
use crate::forecast::grid;
use crate::forecast::{Sources, sweep::Grid};
use crate::render::paint::Paint;
use crate::yaml::split_assignment;

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct GlobalOptions {
    /// When to colour: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, hide_possible_values = true, display_order = 900)]
    pub color: Color,
    /// Print the result only: no notes, no advice, no warnings
    #[arg(long, global = true, display_order = 901)]
    pub quiet: bool,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether text on stdout is coloured.
    #[must_use]
    pub fn for_stdout(self) -> Paint {
        Paint { on: self.on(std::io::stdout().is_terminal()) }
    }

    /// Whether text on stderr is coloured.
    #[must_use]
    pub fn for_stderr(self) -> Paint {
        Paint { on: self.on(std::io::stderr().is_terminal()) }
    }

    fn on(self, terminal: bool) -> bool {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|t| t != "dumb"),
        }
    }
}

/// Formats of a result that is for people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What is forecast.
#[derive(Debug, Clone, Args)]
pub struct InputOptions {
    /// Workload file (YAML)
    #[arg(long, value_name = "FILE")]
    pub workload: PathBuf,
    /// Schema file (DDL), in place of the one that the workload file names
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Machine file (YAML); without it the built-in reference machine [env: PREDICT_MACHINE]
    #[arg(long, value_name = "FILE")]
    pub machine: Option<PathBuf>,
    /// Clients, in place of the workload's own load; a list or range (`1,4,16`, `1..64x2`) gives a curve
    #[arg(short, long, value_name = "N[,N...]", value_parser = ClientList::parse)]
    pub clients: Option<ClientList>,
    /// Change a key of the workload or machine file, such as `machine.cpu.cores=8`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Seed of whatever is drawn at random; a forecast by formula draws nothing
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Client counts of `-c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientList(pub Vec<u64>);

impl ClientList {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let values = grid::values(text).map_err(|e| format!("{e}; expected {}", e.expected))?;
        let number = |v: &String| match v.parse::<u64>() {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(format!("`{v}` is not a number of clients; expected a whole number of at least 1")),
        };
        values.iter().map(number).collect::<Result<_, _>>().map(Self)
    }
}

/// What the options mean, with the environment taken into account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Files and single-valued changes. `clients` is set when `-c` gives exactly one number.
    pub sources: Sources,
    /// All numbers of `-c`.
    pub clients: Vec<u64>,
}

impl InputOptions {
    /// The meaning of the options for a command that takes one value per key.
    ///
    /// # Errors
    /// A `--set` without a key or value.
    pub fn request(&self) -> Result<Request, InputError> {
        let set = self.set.iter().map(|s| split_set(s)).collect::<Result<_, _>>()?;
        Ok(Request { sources: self.sources(set, self.single_client()), clients: self.client_list() })
    }

    /// The meaning for a sweep: single-valued keys stay axes of one value, in the order given.
    ///
    /// # Errors
    /// A `--set` without a key or value, a list that cannot be read, a key given twice.
    pub fn grid(&self) -> Result<(Sources, Grid), InputError> {
        let mut axes: Vec<(String, Vec<String>)> = Vec::new();
        if let Some(clients) = &self.clients {
            axes.push((CLIENTS_KEY.into(), clients.0.iter().map(u64::to_string).collect()));
        }
        for text in &self.set {
            let (key, value) = split_set(text)?;
            let values = grid::values(&value).map_err(|e| {
                let offset = text.len() - value.len() + e.span.start;
                set_error(text, offset, &e.message).expected(e.expected)
            })?;
            if axes.iter().any(|(k, _)| *k == key) {
                return Err(
                    set_error(text, 0, &format!("`{key}` is swept twice")).expected("one list of values per key")
                );
            }
            axes.push((key, values));
        }
        Ok((self.sources(Vec::new(), None), Grid { axes }))
    }

    fn sources(&self, set: Vec<(String, String)>, clients: Option<u64>) -> Sources {
        Sources {
            workload: self.workload.clone(),
            schema: self.schema.clone(),
            machine: self.machine.clone().or_else(machine_of_environment),
            set,
            clients,
        }
    }

    fn client_list(&self) -> Vec<u64> {
        self.clients.as_ref().map(|c| c.0.clone()).unwrap_or_default()
    }

    fn single_client(&self) -> Option<u64> {
        match self.clients.as_ref().map(|c| c.0.as_slice()) {
            Some([one]) => Some(*one),
            _ => None,
        }
    }
}

/// The machine file that PREDICT_MACHINE names.
pub(super) fn machine_of_environment() -> Option<PathBuf> {
    std::env::var_os("PREDICT_MACHINE").filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// The key that `-c` stands for.
pub const CLIENTS_KEY: &str = "workload.clients";

/// Splits `KEY=VALUE` at the first `=` outside quotes, and checks that the key names a file's key.
pub(super) fn split_set(text: &str) -> Result<(String, String), InputError> {
    let Ok((key, value)) = split_assignment(text) else {
        let at = if text.starts_with('=') { 0 } else { text.len() };
        return Err(set_error(text, at, &format!("`--set {text}` is not KEY=VALUE"))
            .expected("KEY=VALUE, such as `machine.cpu.cores=8` or `workload.tables.\"crm.contacts\".rows=5M`"));
    };
    let key = key.trim();
    if value.trim().is_empty() {
        return Err(set_error(text, text.len(), &format!("`--set {text}` gives no value"))
            .expected("a value; `''` is an empty text, `null` takes a key away"));
    }
    let root = key.split('.').next().unwrap_or_default();
    if !matches!(root, "workload" | "machine") || root.len() + 1 >= key.len() {
        let mut error = set_error(text, 0, &format!("`--set` cannot reach `{key}`"))
            .expected("a key that begins with `workload.` or `machine.`, such as `machine.cpu.cores`")
            .nearest_of(root, ["workload", "machine"]);
        error.nearest = error.nearest.filter(|n| n != root).map(|n| format!("{n}{}", &key[root.len()..]));
        return Err(error);
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// An error inside the text of a `--set`, which stands for a file of one line.
fn set_error(text: &str, offset: usize, message: &str) -> InputError {
    let mut error = InputError::new(message).at(TextOrigin::file("--set").locate(text, offset));
    error.source_text = Some(Arc::from(text));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(set: &[&str], clients: Option<&str>) -> InputOptions {
        InputOptions {
            workload: "w.yaml".into(),
            schema: None,
            machine: Some("m.yaml".into()),
            clients: clients.map(|c| ClientList::parse(c).unwrap()),
            set: set.iter().map(|s| (*s).to_owned()).collect(),
            seed: 1,
        }
    }

    #[test]
    fn set_splits_at_the_first_equals_sign_outside_quotes() {
        let split = |t| split_set(t).unwrap();
        assert_eq!(split("machine.cpu.cores=8"), ("machine.cpu.cores".into(), "8".into()));
        assert_eq!(split("workload.tables.\"a=b\".rows=5M"), ("workload.tables.\"a=b\".rows".into(), "5M".into()));
        assert_eq!(split("workload.name=a=b"), ("workload.name".into(), "a=b".into()));
    }

    #[test]
    fn set_mistakes_have_a_place() {
        let message = |t: &str| {
            let e = split_set(t).unwrap_err();
            format!("{} {e} {}", e.position.clone().unwrap(), e.nearest.clone().unwrap_or_default())
        };
        assert_eq!(message("machine.cpu.cores"), "--set:1:18 `--set machine.cpu.cores` is not KEY=VALUE ");
        assert_eq!(
            message("machin.cpu.cores=8"),
            "--set:1:1 `--set` cannot reach `machin.cpu.cores` machine.cpu.cores"
        );
        assert_eq!(message("machine=8"), "--set:1:1 `--set` cannot reach `machine` ");
        assert_eq!(message("machine.memory="), "--set:1:16 `--set machine.memory=` gives no value ");
        assert_eq!(message("=8"), "--set:1:1 `--set =8` is not KEY=VALUE ");
        let reversed = options(&["machine.cpu.cores=8..2"], None).grid().unwrap_err();
        assert_eq!(reversed.position.unwrap().to_string(), "--set:1:19");
    }

    #[test]
    fn clients_make_an_axis_a_single_value_or_a_curve() {
        let request = |c| options(&[], c).request().unwrap();
        assert_eq!((request(None).sources.clients, request(None).clients.len()), (None, 0));
        assert_eq!((request(Some("16")).sources.clients, request(Some("16")).clients), (Some(16), vec![16]));
        assert_eq!((request(Some("1,4")).sources.clients, request(Some("1,4")).clients), (None, vec![1, 4]));
        let (_, grid) = options(&["machine.cpu.cores=2,4"], Some("1..4x2")).grid().unwrap();
        assert_eq!(grid.len(), Some(6));
        assert_eq!(grid.axes[0].0, "workload.clients");
        assert!(options(&["workload.clients=1"], Some("2")).grid().is_err(), "given twice");
        for bad in ["0", "-1", "1,,2", "x", "1.5", "", "4..1"] {
            assert!(ClientList::parse(bad).is_err(), "{bad}");
        }
    }
}
