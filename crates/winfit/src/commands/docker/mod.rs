//! `winfit docker`: what an engine has and runs, which isolation it takes, and containers run with the
//! right one.

mod audit;
mod daemon;
mod human;
mod isolation;
mod run;
mod words;

use anyhow::Result;

use crate::cli::{DockerArguments, DockerCommand};
use crate::output::Outcome;

pub(crate) fn run(arguments: &DockerArguments) -> Result<Outcome> {
    match &arguments.command {
        DockerCommand::Audit(arguments) => audit::run(arguments),
        DockerCommand::Isolation(arguments) => isolation::run(arguments),
        DockerCommand::Run(arguments) => run::run(arguments),
    }
}
