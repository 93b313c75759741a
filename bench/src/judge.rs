//! The table of `judge`: criterion's medians, the floor's, and the count of allocations.

use std::hint::black_box;
use std::path::Path;

use winfit_bench::{allocations, pairs};
use winfit_core::Catalog;
use winfit_core::verdict::judge;

use crate::Outcome;

/// What `judge` may take.
const TARGET: f64 = 50.0;

/// Criterion's median in nanoseconds, with the ends of its confidence interval.
fn estimate(folder: &Path, id: &str) -> Result<[f64; 3], Box<dyn std::error::Error>> {
    let path = folder.join("judge").join(id).join("new/estimates.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; run bench/run", path.display()))?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    let median = &value["median"];
    let interval = &median["confidence_interval"];
    let number = |value: &serde_json::Value| value.as_f64().ok_or("criterion's file has changed");
    Ok([
        number(&interval["lower_bound"])?,
        number(&median["point_estimate"])?,
        number(&interval["upper_bound"])?,
    ])
}

/// Prints the table.
pub fn table(folder: &Path) -> Outcome {
    let catalog = Catalog::builtin();
    let [_, floor, _] = estimate(folder, "floor")?;
    println!("judge: median of criterion, and its 95 % interval; target under {TARGET:.0} ns");
    println!("floor: one comparison of two builds, {floor:.2} ns");
    println!(
        "{:<46}{:>7}{:>17}{:>9}{:>13}",
        "", "ns", "interval", "x floor", "allocations"
    );
    for pair in pairs::pairs() {
        let [low, median, high] = estimate(folder, pair.id)?;
        let count = allocations::during(|| {
            for _ in 0..1000 {
                black_box(judge(
                    catalog,
                    black_box(&pair.host),
                    black_box(&pair.image),
                ));
            }
        });
        println!(
            "{:<46}{median:>7.1}{:>17}{:>9.0}{:>13}{}",
            pair.name,
            format!("{low:.1} to {high:.1}"),
            median / floor,
            format!("{count} in 1000"),
            if median < TARGET { "" } else { "  over" },
        );
    }
    Ok(())
}
