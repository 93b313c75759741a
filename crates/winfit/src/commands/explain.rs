//! `winfit explain`: placeholder until the scanner lands.
use crate::cli::ExplainArguments;
use crate::output::{Exit, Outcome};

pub(crate) fn run(_arguments: &ExplainArguments) -> anyhow::Result<Outcome> {
    Ok(Outcome::new(String::new(), Exit::Fits))
}
