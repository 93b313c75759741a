//! What somebody saved of a cluster: read, made a fleet, audited, its failing pods explained.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::Catalog;
use winfit_core::audit::{AuditOptions, audit};
use winfit_core::day::parse_day;
use winfit_kube::fleet::{Told, fleet, take_digests};
use winfit_kube::{Cluster, Interned, failing};

fuzz_target!(|bytes: &[u8]| {
    let mut cluster = Cluster::default();
    match cluster.add_saved(bytes, &mut Interned::default()) {
        Ok(left) => assert!(left.complaints().iter().all(|sentence| !sentence.is_empty())),
        Err(sentence) => assert!(!sentence.is_empty()),
    }
    let catalog = Catalog::builtin();
    let mut fleet = fleet(catalog, &cluster, &Told::new());
    assert_eq!(fleet.workload_of.len(), cluster.pods.len());
    assert_eq!(fleet.object_of.len(), fleet.fleet.workloads.len());
    take_digests(&mut fleet, &cluster);
    let Ok(today) = parse_day("2026-11-22") else {
        return;
    };
    let options = AuditOptions {
        today,
        eol_within: 180,
    };
    let mut findings = audit(catalog, &fleet.fleet, &options).findings;
    failing::tell_of_pods(&cluster, &fleet, &mut findings);
    findings.extend(failing::findings(catalog, &cluster, &fleet));
    assert!(findings.iter().all(|finding| !finding.message.is_empty()));
});
