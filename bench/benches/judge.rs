//! `judge`, and a comparison of two builds as its floor.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use winfit_bench::pairs::{build_fits, pairs};
use winfit_core::Catalog;
use winfit_core::verdict::judge;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let catalog = Catalog::builtin();
    let mut group = criterion.benchmark_group("judge");
    let pairs = pairs();
    let first = pairs[0];
    group.bench_function("floor", |bencher| {
        bencher.iter(|| build_fits(black_box(&first.host), black_box(&first.image)));
    });
    for pair in &pairs {
        group.bench_function(pair.id, |bencher| {
            bencher.iter(|| {
                let verdict = judge(catalog, black_box(&pair.host), black_box(&pair.image));
                // By reference: what is timed is the judging, not a copy of its answer.
                black_box(&verdict);
            });
        });
    }
    group.finish();
}
