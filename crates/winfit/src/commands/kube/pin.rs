//! `winfit kube pin`: pod templates that admit exactly the nodes on which their images run.

mod chosen;
mod files;
mod human;
mod json;
mod objects;
mod writing;

use anyhow::Result;
use winfit_core::audit::AuditOptions;
use winfit_core::finding::Subject;
use winfit_core::fleet::Workload;
use winfit_kube::pin::{
    Decision, NotWritten, Object, Owned, Pinning, Plan, Wanted, Written, at_first_sight, decide,
};
use winfit_kube::{Cluster, Scope};

use self::files::Told;
use self::objects::Source;
use super::{Asked, Known, Read, known, left_out, named, refused, saved};
use crate::cli::{DataFormat, KubePinArguments};
use crate::commands::notes::Calendar;
use crate::commands::told;
use crate::findings::document;
use crate::output::{Exit, Outcome, nothing, printable};

/// A workload, with what is to become of it.
struct Pinned {
    subject: Subject,
    images: Vec<String>,
    decision: Decision,
    /// Its object, where the decision needs it.
    object: Option<(Wanted, Object)>,
    owned: Owned,
    /// With `--apply`: what was written, or why nothing was.
    written: Option<Result<Written, NotWritten>>,
    /// With `--output`: the file.
    file: Option<Told>,
}

impl Pinned {
    fn new(workload: &Workload, decision: Decision) -> Self {
        Self {
            subject: workload.subject.clone(),
            images: images_of(workload),
            decision,
            object: None,
            owned: Owned::ByNobody,
            written: None,
            file: None,
        }
    }

    /// The change with the object that it is a change of; none: nothing is to change.
    fn change(&self) -> Option<(&Plan, &Object)> {
        match (&self.decision, &self.object) {
            (Decision::Pin(plan), Some((_, object))) => Some((plan, object)),
            _ => None,
        }
    }

    /// Whether winfit itself may write the change.
    fn is_patched(&self) -> bool {
        self.change().is_some() && self.owned == Owned::ByNobody
    }
}

/// The images of a workload, each once.
fn images_of(workload: &Workload) -> Vec<String> {
    let mut images: Vec<String> = Vec::new();
    for container in &workload.containers {
        if !images.contains(&container.image.text) {
            images.push(container.image.text.clone());
        }
    }
    images
}

pub(super) fn run(arguments: &KubePinArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let (read, source) = read(arguments)?;
    let Known {
        cluster,
        fleet,
        mut complaints,
        ..
    } = known(catalog, read, &arguments.facts)?;
    if cluster.nodes.is_empty() {
        complaints.push("there is no node to pin anything to".to_owned());
        return Err(nothing(complaints.join("\n")));
    }
    let (chosen, unknown) = chosen::chosen(arguments, &fleet.fleet)?;
    if chosen.is_empty() && !unknown.is_empty() {
        return Err(nothing([complaints, unknown].concat().join("\n")));
    }
    complaints.extend(unknown);
    let options = AuditOptions {
        today: Calendar::new(None, None).today,
        eol_within: 0,
    };
    let given = told::images(&arguments.facts.image_version)?;
    let pinning = Pinning {
        catalog,
        cluster: &cluster,
        fleet: &fleet.fleet,
        options: &options,
        given: &given,
    };
    let workloads: Vec<Workload> = chosen
        .iter()
        .map(|at| fleet.fleet.workloads[*at].clone())
        .collect();
    let first = at_first_sight(&pinning, &workloads);
    let open: Vec<usize> = (0..first.len()).filter(|at| first[*at].is_none()).collect();
    let sought: Vec<usize> = open.iter().map(|at| chosen[*at]).collect();
    let (objects, missing) = source.objects(&cluster, &fleet, &sought)?;
    complaints.extend(missing);
    let mut pinned: Vec<Pinned> = workloads
        .iter()
        .zip(first)
        .map(|(workload, decision)| Pinned::new(workload, decision.unwrap_or_else(unread)))
        .collect();
    let wanted: Vec<(usize, Wanted, Object)> = open
        .into_iter()
        .zip(objects)
        .filter_map(|(at, object)| {
            let object = object?;
            Some((at, Wanted::of(&pinning, &workloads[at], &object)?, object))
        })
        .collect();
    let only: Vec<Wanted> = wanted.iter().map(|(_, wanted, _)| wanted.clone()).collect();
    for ((at, wanted, object), decision) in wanted.into_iter().zip(decide(&pinning, &only)) {
        pinned[at].decision = decision;
        pinned[at].owned = object.owned();
        pinned[at].object = Some((wanted, object));
    }
    if let (true, Source::Cluster(asked)) = (arguments.apply, source) {
        complaints.extend(writing::write(&asked, &pinning, &mut pinned));
    }
    if let Some(folder) = &arguments.output {
        complaints.extend(files::write(folder, &mut pinned));
    }
    let shown = human::Shown {
        applied: arguments.apply,
        all: arguments.all,
    };
    let text = match arguments.format {
        DataFormat::Json => document(&json::document(&pinned, arguments.apply))?,
        DataFormat::Human if arguments.diff => files::diff(&pinned),
        DataFormat::Human => human::human(&pinned, shown),
    };
    let fails = |one: &Pinned| match &one.decision {
        Decision::NoNode(_) | Decision::NotTold(_) | Decision::Refused(_) => true,
        // Of all workloads most are none of winfit's business.
        Decision::UnknownImage(_) => !arguments.all,
        // It was to be written, and somebody else has to.
        Decision::Pin(_) => arguments.apply && one.now().is_none(),
        _ => false,
    };
    if arguments.diff && arguments.format == DataFormat::Human {
        // A diff shows only what changes.
        let others = pinned.iter().filter(|one| fails(one));
        complaints.extend(others.map(|one| printable(&human::sentence(one))));
    }
    let exit = if pinned.iter().any(fails) || !complaints.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Of a workload whose object could not be read nothing is decided.
fn unread() -> Decision {
    Decision::Refused("its object could not be read".to_owned())
}

/// The cluster, within the namespace that is meant as kubectl means it, and where its objects are.
fn read(arguments: &KubePinArguments) -> Result<(Read, Source)> {
    let source = &arguments.source;
    if !source.from.is_empty() {
        let mut texts = Vec::new();
        let (cluster, complaints) = saved(source, |text| texts.push(text))?;
        return Ok((
            (cluster, complaints, "saved".to_owned()),
            Source::Saved(texts),
        ));
    }
    let asked = Asked::new(&source.cluster)?;
    let namespace = match source.scope.namespace.as_deref() {
        Some(own) => Some(named(own)?),
        None if source.scope.all_namespaces => None,
        None => Some(named(asked.api.namespace())?),
    };
    let scope = Scope {
        namespace,
        selector: source.scope.selector.clone(),
    };
    let cluster = asked
        .runtime
        .block_on(Cluster::read(&asked.api, &scope))
        .map_err(|error| refused(&error))?;
    let complaints = left_out(&cluster.missing);
    let from = asked.in_words();
    Ok((
        (cluster, complaints, from),
        Source::Cluster(Box::new(asked)),
    ))
}
