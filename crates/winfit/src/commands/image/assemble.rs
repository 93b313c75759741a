use crate::cli::AssembleArguments;
use crate::output::Outcome;
use anyhow::Result;
pub(super) fn run(_: &AssembleArguments) -> Result<Outcome> {
    anyhow::bail!("later")
}
