//! Prints what `bench/run` measures, as small tables of ratios.

mod check;
mod engine;
mod explain;
mod fleet;
mod image;
mod judge;
mod kube;
// The cluster that winfit's tests have.
#[path = "../../crates/winfit-kube/tests/all/support/large/mod.rs"]
#[allow(clippy::doc_markdown)]
mod large;
mod lint;
mod log;
// Daemons as winfit's tests have them.
#[path = "../../crates/winfit-docker/tests/all/support/real_swarm.rs"]
#[allow(dead_code)]
mod real_swarm;
mod registry;
mod swarm;
mod timing;
mod tree;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use winfit_bench::allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USAGE: &str = "winfit-bench judge CRITERION_FOLDER
winfit-bench check WINFIT
winfit-bench explain WINFIT FOLDER MEGABYTES
winfit-bench lint WINFIT HADOLINT|- FOLDER FILES
winfit-bench image WINFIT SKOPEO|- FOLDER REFERENCES
winfit-bench swarm WINFIT FLOOR FOLDER
winfit-bench watch WINFIT
winfit-bench kube WINFIT FLOOR FOLDER NODES PODS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["judge", folder] => judge::table(&PathBuf::from(folder)),
        ["check", winfit] => check::table(winfit),
        ["explain", winfit, folder, megabytes] => match megabytes.parse() {
            Ok(megabytes) => explain::table(winfit, &PathBuf::from(folder), megabytes),
            Err(_) => Err(format!("{megabytes:?} is no number of megabytes").into()),
        },
        ["lint", winfit, hadolint, folder, files] => match files.parse() {
            Ok(files) => {
                let hadolint = (hadolint != "-").then_some(hadolint);
                lint::table(winfit, hadolint, &PathBuf::from(folder), files)
            }
            Err(_) => Err(format!("{files:?} is no number of files").into()),
        },
        ["image", winfit, skopeo, folder, references] => match references.parse() {
            Ok(references) => {
                let skopeo = (skopeo != "-").then_some(skopeo);
                image::table(winfit, skopeo, &PathBuf::from(folder), references)
            }
            Err(_) => Err(format!("{references:?} is no number of references").into()),
        },
        ["swarm", winfit, floor, folder] => swarm::table(winfit, floor, &PathBuf::from(folder)),
        ["watch", winfit] => watch::table(winfit),
        ["kube", winfit, floor, folder, nodes, pods] => match (nodes.parse(), pods.parse()) {
            (Ok(nodes), Ok(pods)) => {
                kube::table(winfit, floor, &PathBuf::from(folder), nodes, pods)
            }
            _ => Err(format!("{nodes:?} and {pods:?} are no numbers of nodes and pods").into()),
        },
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Any failure; a benchmark has nobody to handle it but the reader.
type Outcome = Result<(), Box<dyn std::error::Error>>;
