//! The command line of winfit: arguments, rendering, exit codes; nothing else.

mod cli;
mod commands;
mod engines;
mod findings;
mod input;
mod json;
mod online;
mod output;
mod overlay;
mod plugin;
mod progress;
mod report_file;
mod settling;
mod this_machine;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::output::Outcome;

/// Readers on all cores allocate much; see bench/run lint.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let (arguments, parse): (_, fn(Vec<OsString>) -> cli::Arguments) =
        match plugin::asked(std::env::args_os()) {
            plugin::Asked::Arguments(arguments) => (arguments, cli::Arguments::parse_from),
            plugin::Asked::Kube(arguments) => (arguments, cli::Arguments::of_kubectl),
            plugin::Asked::Metadata => {
                let metadata = plugin::metadata() + "\n";
                return finish(&Outcome::new(metadata, output::Exit::Fits));
            }
        };
    let words = arguments.iter().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    if let Some(word) = cli::single_dash_word(words) {
        output::complain(&format!(
            "{word} has one dash; long options take two, as -{word}"
        ));
        return ExitCode::from(output::Exit::Usage as u8);
    }
    let arguments = parse(arguments);
    for complaint in overlay::take_up(!arguments.no_overlay) {
        output::complain(&complaint);
    }
    match run(&arguments) {
        Ok(outcome) => finish(&outcome),
        Err(error) => {
            let exit = error
                .downcast_ref::<output::Refusal>()
                .map_or(output::Exit::Usage, |refusal| refusal.exit);
            output::complain(&format!("{error:#}"));
            ExitCode::from(exit as u8)
        }
    }
}

/// Prints the answer.
fn finish(outcome: &Outcome) -> ExitCode {
    if let Err(error) = output::print(outcome) {
        // A reader that closed the pipe (`winfit … | head`) has what it wanted.
        if !output::is_closed_pipe(&error) {
            output::complain(&format!("the answer could not be written: {error}"));
            return ExitCode::from(3);
        }
    }
    ExitCode::from(outcome.exit as u8)
}

fn run(arguments: &cli::Arguments) -> anyhow::Result<Outcome> {
    match &arguments.command {
        cli::Command::Check(check) => commands::check::run(check),
        cli::Command::Host(host) => commands::host::run(host),
        cli::Command::Lint(lint) => commands::lint::run(lint),
        cli::Command::Lsp(lsp) => Ok(commands::lsp::run(lsp)),
        cli::Command::Docker(docker) => commands::docker::run(docker),
        cli::Command::Swarm(swarm) => commands::swarm::run(swarm),
        cli::Command::Kube(kube) => commands::kube::run(kube),
        cli::Command::Image(image) => commands::image::run(image),
        cli::Command::ImageChange(change) => commands::image_change::run(change),
        cli::Command::Facts(facts) => commands::facts::run(facts),
        cli::Command::Rules(rules) => commands::rules::run(rules),
        cli::Command::Explain(explain) => commands::explain::run(explain),
        cli::Command::Matrix(matrix) => commands::matrix::run(matrix),
        cli::Command::Tag(tag) => commands::tag::run(tag),
        cli::Command::Catalog(catalog) => commands::catalog::run(catalog, arguments.no_overlay),
    }
}
