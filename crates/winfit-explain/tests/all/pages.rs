//! The outputs that the two seed pages print, cut from them byte for byte.

use winfit_explain::{Confidence, Diagnosis, DiagnosisKind, SubjectKind, explain_bytes};

use crate::{brief, one};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".txt"))
    };
}

#[test]
fn docker_run_names_the_container_its_volume_and_its_layers() {
    for text in [fixture!("sv-docker-run"), fixture!("es-docker-run")] {
        let found = one(text);
        assert_eq!(brief(&found), "start-mismatch 0xc0370101 certain error");
        assert_eq!(
            found.container_id.as_deref(),
            Some("b81ed896222eb87906ccab1c3dd2fc49324eafa798438f7979b87b210906f839")
        );
        assert_eq!(
            found.layer_ids,
            [
                "1532b584-8431-5b5a-8735-5e1b4fe9c2a9",
                "a64b8da5-cd6e-5540-bc73-d81acae6da54"
            ]
        );
        assert_eq!(
            found.volume_path.as_deref(),
            Some(r"\\?\Volume{2443d38a-1379-4bcf-a4b7-fc6ad4cd7b65}")
        );
        assert_eq!(found.hyperv_isolated, Some(false));
        assert_eq!((found.location.line, found.count), (1, 1));
        assert_eq!(
            found.code_name().as_deref(),
            Some("ERROR_VMCOMPUTE_IMAGE_MISMATCH")
        );
        insta::allow_duplicates! {
            insta::assert_snapshot!(found.message(), @"Container b81ed896222e cannot start: its image was built for another Windows than the host's.");
        }
    }
}

#[test]
fn a_service_at_none_of_one_is_a_suspicion_and_says_what_to_run() {
    for text in [fixture!("sv-service-ls"), fixture!("es-service-ls")] {
        let found = one(text);
        assert_eq!(brief(&found), "start-mismatch - possible warning");
        assert_eq!(found.subject.kind, Some(SubjectKind::Service));
        assert_eq!(found.subject.name.as_deref(), Some("angry_liskov"));
        assert_eq!(found.image.as_deref(), Some("windows/servercore/iis"));
        assert_eq!(found.replicas, Some((0, 1)));
        assert_eq!(found.location.line, 2);
        assert_eq!(
            found.next_commands(),
            ["docker service ps --no-trunc angry_liskov"]
        );
        insta::allow_duplicates! {
            insta::assert_snapshot!(found.message(), @"Service angry_liskov has 0 of 1 replicas running; the list does not say why, and an image for another Windows is one possible cause.");
        }
    }
}

#[test]
fn the_shortened_error_of_swarm_is_one_suspicion_with_four_tasks() {
    for text in [fixture!("sv-service-ps"), fixture!("es-service-ps")] {
        let found = one(text);
        assert_eq!(brief(&found), "start-mismatch - possible warning");
        assert!(found.truncated);
        assert_eq!(found.count, 4);
        assert_eq!(found.also_at.len(), 3);
        assert_eq!(found.subject.name.as_deref(), Some("angry_liskov"));
        assert_eq!(found.subject.node.as_deref(), Some("WIN-BSTMQDRQC2E"));
        assert_eq!(found.task.as_deref(), Some("angry_liskov.1"));
        assert_eq!(found.image.as_deref(), Some("windows/servercore/iis"));
        assert_eq!(
            found.next_commands(),
            ["docker service ps --no-trunc angry_liskov"]
        );
    }
}

#[test]
fn the_whole_error_of_swarm_is_certain() {
    for text in [
        fixture!("sv-service-ps-no-trunc"),
        fixture!("es-service-ps-no-trunc"),
    ] {
        let found = one(text);
        assert_eq!(brief(&found), "start-mismatch 0xc0370101 certain error");
        assert_eq!(found.subject.name.as_deref(), Some("angry_liskov"));
        assert_eq!(found.subject.node.as_deref(), Some("WIN-BSTMQDRQC2E"));
        assert_eq!(
            found.image.as_deref(),
            Some(
                "windows/servercore/iis@sha256:868bca7e89e1743792e15f78edb5a73070ef44eae6807dc3f05f9b94c23943d5"
            )
        );
        assert_eq!(
            found.container_id.as_deref(),
            Some("e7b5d3adba7e510569c18d8e55f7c689d7cb92be40a516c91b363e27f84604d0")
        );
        assert_eq!(found.layer_ids.len(), 6);
        assert_eq!(found.count, 1);
        assert!(found.next_commands().is_empty());
    }
}

#[test]
fn three_outputs_about_one_service_are_one_diagnosis_and_the_surest_wins() {
    for parts in [
        [
            fixture!("sv-service-ls"),
            fixture!("sv-service-ps"),
            fixture!("sv-service-ps-no-trunc"),
        ],
        [
            fixture!("es-service-ps-no-trunc"),
            fixture!("es-service-ps"),
            fixture!("es-service-ls"),
        ],
    ] {
        let found = one(&parts.concat());
        assert_eq!(brief(&found), "start-mismatch 0xc0370101 certain error");
        assert!(!found.truncated);
        assert_eq!(found.replicas, Some((0, 1)));
        // The whole error is of one of the four tasks.
        assert_eq!(found.count, 4);
        assert!(found.image.unwrap().contains("@sha256:868bca7e"));
    }
}

#[test]
fn the_failing_pod_is_one_diagnosis_with_the_count_of_its_event() {
    for (text, line, event) in [
        (fixture!("sv-describe-failing"), 23, 54),
        (fixture!("es-describe-failing"), 24, 55),
    ] {
        let found = one(text);
        assert_eq!(brief(&found), "start-mismatch 0xc0370101 certain error");
        assert_eq!(found.subject.kind, Some(SubjectKind::Pod));
        assert_eq!(found.subject.namespace.as_deref(), Some("plang"));
        assert_eq!(
            found.subject.name.as_deref(),
            Some("fabrikamfiber.web-789699744-rqv6p")
        );
        assert_eq!(found.subject.node.as_deref(), Some("38519acs9011"));
        assert_eq!(found.subject.container.as_deref(), Some("fabrikamfiberweb"));
        assert_eq!(
            found.image.as_deref(),
            Some("patricklang/fabrikamfiber.web:latest")
        );
        assert_eq!(
            found.container_id.as_deref(),
            Some("eab0151378308315ed6c31adf4ad9e31e6d65fd300e56e742757004a969a803a")
        );
        assert_eq!(found.layer_ids.len(), 12);
        assert_eq!(
            found.node_selectors,
            [("beta.kubernetes.io/os".to_owned(), "windows".to_owned())]
        );
        assert_eq!(found.count, 11);
        assert_eq!(found.location.line, line);
        assert_eq!(found.also_at, [event]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(found.message(), @"Pod plang/fabrikamfiber.web-789699744-rqv6p cannot start on node 38519acs9011: its image was built for another Windows than the host's.");
        }
    }
}

#[test]
fn the_failing_pod_all_on_one_line_says_the_same() {
    let words: Vec<&str> = fixture!("sv-describe-failing").split_whitespace().collect();
    let found = one(&words.join(" "));
    assert_eq!(found.subject.namespace.as_deref(), Some("plang"));
    assert_eq!(found.subject.container.as_deref(), Some("fabrikamfiberweb"));
    assert_eq!(found.count, 11);
    assert_eq!(found.node_selectors.len(), 1);
}

#[test]
fn the_event_alone_still_names_container_and_node() {
    let event = fixture!("es-describe-failing")
        .lines()
        .find(|line| line.contains("11      kubelet") && line.contains("Error: failed"))
        .unwrap();
    let found = one(event);
    assert_eq!(brief(&found), "start-mismatch 0xc0370101 certain error");
    assert_eq!(found.subject.node.as_deref(), Some("38519acs9011"));
    assert_eq!(found.subject.name.as_deref(), Some("fabrikamfiberweb"));
    assert_eq!(found.count, 11);
    assert_eq!(found.layer_ids.len(), 12);
}

#[test]
fn the_healthy_pod_yields_nothing() {
    for text in [
        fixture!("sv-describe-healthy"),
        fixture!("es-describe-healthy"),
    ] {
        assert!(explain_bytes(text.as_bytes()).diagnoses.is_empty());
    }
}

#[test]
fn everything_of_a_page_at_once() {
    let text = [
        fixture!("sv-docker-run"),
        "Kör docker-tjänsten ls:\n",
        fixture!("sv-service-ls"),
        fixture!("sv-service-ps"),
        "Om du ser starting container failed: ...ser du det fullständiga felet\n",
        fixture!("sv-service-ps-no-trunc"),
        fixture!("sv-describe-failing"),
        fixture!("sv-describe-healthy"),
    ]
    .concat();
    let report = explain_bytes(text.as_bytes());
    let subjects: Vec<String> = report.diagnoses.iter().map(Diagnosis::who).collect();
    assert_eq!(
        subjects,
        [
            "Container b81ed896222e",
            "Service angry_liskov",
            "Pod plang/fabrikamfiber.web-789699744-rqv6p",
        ]
    );
    let all_certain = |found: &Diagnosis| {
        found.confidence == Confidence::Certain && found.kind == DiagnosisKind::StartMismatch
    };
    assert!(report.diagnoses.iter().all(all_certain));
}
