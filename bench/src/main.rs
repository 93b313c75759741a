//! Prints what `bench/run` measures, as small tables of ratios.

mod check;
mod explain;
mod judge;
mod log;
mod timing;

use std::path::PathBuf;
use std::process::ExitCode;

use winfit_bench::allocations::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USAGE: &str = "winfit-bench judge CRITERION_FOLDER
winfit-bench check WINFIT
winfit-bench explain WINFIT FOLDER MEGABYTES";

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
