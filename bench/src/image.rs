//! The table of `winfit image inspect` on a local registry: beside skopeo, beside the bare requests, and
//! from the cache.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::Outcome;
use crate::registry::{Http, Registry};
use crate::timing::{median, quartiles, time};

/// At least so many times the references a second of skopeo.
const TIMES_SKOPEO: f64 = 5.0;
/// At most so many times as long as the bare requests.
const TIMES_BARE: f64 = 1.5;
/// How many requests go out at a time.
const AT_A_TIME: usize = 8;
/// What a run from the cache may take: so many milliseconds, and so many microseconds a reference.
const CACHED: (f64, f64) = (5.0, 20.0);
const ROUNDS: usize = 9;

/// Prints the table.
pub fn table(winfit: &str, skopeo: Option<&str>, folder: &Path, references: usize) -> Outcome {
    let registry = Registry::start(folder)?;
    let paths = registry.fill(references)?;
    let names: Vec<String> = paths
        .iter()
        .map(|(index, ..)| {
            let name = index.trim_start_matches("/v2/").replace("/manifests/", ":");
            format!("{}/{name}", registry.host)
        })
        .collect();
    let list = folder.join("references");
    fs::write(&list, names.join("\n") + "\n")?;
    let cache = |name: &str| folder.join(name);
    let ours = |cache: &Path| -> Result<f64, Box<dyn std::error::Error>> {
        let (took, status) = time(
            Command::new("sh")
                .args([
                    "-c",
                    "exec \"$0\" image inspect --format json - < \"$1\"",
                    winfit,
                ])
                .arg(&list)
                .env("XDG_CACHE_HOME", cache),
        )?;
        if !status.success() {
            return Err(format!("winfit image inspect left with {status}").into());
        }
        Ok(took.as_secs_f64() * 1e3)
    };
    let since = registry.logged()?;
    ours(&cache("counted"))?;
    let asked = registry.asked(since)?;
    let distinct: HashSet<&String> = asked.iter().collect();
    let (mut cold, mut bare, mut cached) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let cold_took = ours(&cache(&format!("cold-{round}")))?;
        let bare_took = bare_requests(&registry.host, &paths)?;
        let cached_took = ours(&cache("counted"))?;
        // The first round warms the registry's own cache.
        if round > 0 {
            cold.push(cold_took);
            bare.push(bare_took);
            cached.push(cached_took);
        }
    }
    println!(
        "winfit image inspect, {references} references of three children on a local registry, {AT_A_TIME} requests at a time: medians of {ROUNDS} runs in turn"
    );
    println!("{:<46}{:>7}{:>17}{:>12}", "", "ms", "half within", "refs/s");
    let row = |name: &str, values: &[f64]| {
        let (low, high) = quartiles(values);
        println!(
            "{name:<46}{:>7.1}{:>17}{:>12.0}",
            median(values),
            format!("{low:.1} to {high:.1}"),
            references as f64 / median(values) * 1e3
        );
    };
    row("winfit, nothing known", &cold);
    row("the bare requests, answers thrown away", &bare);
    row("winfit, from its cache", &cached);
    if let Some(skopeo) = skopeo {
        let took = skopeo_on(skopeo, &list)?;
        row("skopeo inspect --config, one child each", &[took]);
        let times = took / median(&cold);
        println!(
            "{times:.1} x the references a second of skopeo; target at least {TIMES_SKOPEO:.0} x: {}",
            met(times >= TIMES_SKOPEO)
        );
        println!(
            "{:.1} x would be the bare requests alone, with no client at all",
            took / median(&bare)
        );
    }
    let ratio = median(&cold) / median(&bare);
    println!(
        "{ratio:.2} x the bare requests; target at most {TIMES_BARE} x: {}",
        met(ratio <= TIMES_BARE)
    );
    let budget = CACHED.0 + CACHED.1 * references as f64 / 1e3;
    println!(
        "{:.1} ms from the cache; target under {budget:.1} ms ({} ms and {} us a reference): {}",
        median(&cached),
        CACHED.0,
        CACHED.1,
        met(median(&cached) < budget)
    );
    println!(
        "{} requests, {} of them for different paths; target none twice: {}",
        asked.len(),
        distinct.len(),
        met(asked.len() == distinct.len())
    );
    Ok(())
}

/// The same requests in the same order of need (index, manifests, configs), on open connections.
fn bare_requests(
    host: &str,
    paths: &[(String, Vec<String>, Vec<String>)],
) -> Result<f64, Box<dyn std::error::Error>> {
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let mut failed = String::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let mut http = Http::new(host).map_err(|error| error.to_string())?;
                    while let Some((index, manifests, configs)) =
                        paths.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        for path in std::iter::once(index).chain(manifests).chain(configs) {
                            http.get(path).map_err(|error| error.to_string())?;
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            if let Ok(Err(error)) = worker.join() {
                let _ = writeln!(failed, "{error}");
            }
        }
    });
    if failed.is_empty() {
        Ok(began.elapsed().as_secs_f64() * 1e3)
    } else {
        Err(failed.into())
    }
}

/// skopeo on each reference, so many processes at a time.
fn skopeo_on(skopeo: &str, list: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let (took, status) = time(
        Command::new("sh")
            .args([
                "-c",
                "sed 's,^,docker://,' \"$1\" | xargs -P \"$2\" -n 1 \"$0\" --override-os windows --override-arch amd64 inspect --tls-verify=false --config",
                skopeo,
            ])
            .arg(list)
            .arg(AT_A_TIME.to_string()),
    )?;
    if !status.success() {
        return Err(format!("skopeo left with {status}").into());
    }
    Ok(took.as_secs_f64() * 1e3)
}

fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "missed" }
}
