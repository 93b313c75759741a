//! `winfit image assemble`: one index over images of several Windows.

mod documents;
mod human;

use anyhow::{Result, anyhow};
use winfit_core::audit::index_findings;
use winfit_core::finding::Severity;
use winfit_core::index::{Unhelped, unhelped};
use winfit_core::reference::Reference;
use winfit_registry::assemble::{Assembly, AssemblyError, can_be_new, verify};
use winfit_registry::inspect::ImageReport;

use crate::cli::{AssembleArguments, DataFormat};
use crate::findings::clean;
use crate::online::{Online, RegistryArguments};
use crate::output::{Exit, Outcome, nothing, usage};

/// An index, what is to be said of it, and what became of it.
struct Assembled {
    assembly: Assembly,
    /// The hosts and engines that no order helps.
    unhelped: Vec<Unhelped>,
    /// What is wrong with it still.
    remarks: Vec<String>,
    /// The image as the registry has it after the push; none: nothing was written.
    now: Option<ImageReport>,
}

pub(super) fn run(arguments: &AssembleArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let (new, from) = references(arguments)?;
    // What a tag meant a while ago is not what is to be written.
    let online = Online::fresh(&arguments.registry);
    let mut reports = Vec::new();
    let mut wrong = Vec::new();
    for found in online.inspect_all(&from)? {
        match found {
            Ok(mut report) => {
                let verified = verify(online.client(), &mut report);
                match online.block_on(verified)? {
                    Ok(()) => reports.push(report),
                    Err(error) => wrong.push(clean(&error.to_string())),
                }
            }
            Err(error) => wrong.push(clean(&error.to_string())),
        }
    }
    if !wrong.is_empty() {
        return Err(nothing(wrong.join("\n")));
    }
    let assembly = Assembly::new(&new, &reports).map_err(|error| refused(&error))?;
    let image = assembly.report().described();
    // What stands in the way of engines that no order helps is told apart from what is wrong.
    let remarks = index_findings(catalog, &image, &[])
        .into_iter()
        .filter(|finding| {
            finding.severity > Severity::Info && finding.rule != "index-revision-trap"
        })
        .map(|finding| clean(&format!("{} [{}]", finding.message, finding.rule)))
        .collect();
    let mut assembled = Assembled {
        unhelped: unhelped(catalog, &image),
        remarks,
        now: None,
        assembly,
    };
    if arguments.apply {
        assembled.now = Some(apply(&online, &assembled.assembly, &arguments.registry)?);
    }
    let text = match arguments.format {
        DataFormat::Human => human::human(catalog, &assembled),
        DataFormat::Json => documents::document(catalog, &assembled)?,
    };
    Ok(Outcome::new(text, Exit::Fits))
}

/// Pushes the index, and reads back what its tag then names.
fn apply(
    online: &Online,
    assembly: &Assembly,
    registry: &RegistryArguments,
) -> Result<ImageReport> {
    let said = |error: winfit_registry::RegistryError| nothing(clean(&error.to_string()));
    let digest = online
        .block_on(assembly.push(online.client()))?
        .map_err(said)?;
    // A client asks for nothing twice: the one that read the tag before would not ask again.
    let now = Online::fresh(registry).inspect_all(std::slice::from_ref(&assembly.reference))?;
    let now = now
        .into_iter()
        .next()
        .ok_or_else(|| anyhow!("{}: nothing was read back", assembly.reference))?
        .map_err(said)?;
    if now.digest == digest {
        return Ok(now);
    }
    Err(nothing(format!(
        "{} was pushed as {digest}, and its tag now names {}: somebody else pushed it at the same time; look at it with winfit image inspect",
        assembly.reference, now.digest
    )))
}

/// The new image, and those that go into it.
fn references(arguments: &AssembleArguments) -> Result<(Reference, Vec<Reference>)> {
    let mut wrong = Vec::new();
    let mut read = |text: &String| {
        Reference::parse(text)
            .map_err(|error| wrong.push(error.to_string()))
            .ok()
    };
    let new = read(&arguments.new);
    let from: Vec<Reference> = arguments.from.iter().filter_map(&mut read).collect();
    match new {
        Some(new) if wrong.is_empty() => {
            can_be_new(&new).map_err(|error| refused(&error))?;
            let from = if from.is_empty() {
                vec![new.clone()]
            } else {
                from
            };
            Ok((new, from))
        }
        _ => Err(usage(wrong.join("\n"))),
    }
}

/// A refusal, with what to do about it.
fn refused(error: &AssemblyError) -> anyhow::Error {
    let mut message = clean(&error.to_string());
    if let AssemblyError::OtherRegistry { to, copy, .. } = error {
        // References are plain ASCII: there is nothing to clean.
        let (command, copied) = copy;
        message.push_str(&format!(
            "\n  {command}\nthen winfit image assemble {to} --from {copied}"
        ));
    }
    match error {
        AssemblyError::Unread { .. } => nothing(message),
        _ => usage(message),
    }
}
