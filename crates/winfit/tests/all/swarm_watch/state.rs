//! What a watch keeps in a file, for the one that begins after it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{Watch, constraints, nothing_twice};
use crate::docker_support::real_swarm::{RealSwarm, can_run};

const HOSTS: [&str; 2] = ["--host=win-a=ltsc2019", "--host=win-b=ltsc2016"];
const NEWER: &str = "contoso/fax:2-ltsc2022";

fn start(swarm: &RealSwarm, state: &Path, more: &[&str]) -> Watch {
    let state = format!("--state={}", state.display());
    let watch = Watch::start(
        &swarm.address("win-a"),
        &[&HOSTS[..], &[&state], more].concat(),
    );
    watch.until("watching", "");
    watch
}

/// What a watch told of images that do not fit: `finding build-mismatch fax`.
fn findings(lines: &[Value]) -> Vec<String> {
    let told = lines.iter().filter(|line| line["rule"] == "build-mismatch");
    let mut told: Vec<String> = told
        .map(|line| {
            let part = |value: &Value| value.as_str().unwrap().to_owned();
            let name = part(&line["subject"]["name"]);
            format!("{} {} {name}", part(&line["what"]), part(&line["rule"]))
        })
        .collect();
    told.sort();
    told
}

/// Ends a watch that has read the Swarm to its end: it tells of a service that comes now.
fn end(swarm: &RealSwarm, watch: Watch, last: &str) -> Vec<Value> {
    swarm.create(last, NEWER, "", &[]);
    watch.until("finding", last);
    let told = watch.end().into_iter();
    told.filter(|line| line["subject"]["name"] != last)
        .collect()
}

#[test]
fn a_watch_that_begins_anew_repeats_nothing_and_misses_nothing() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state.json");
    for service in ["stays", "goes", "returns", "changes"] {
        swarm.create(service, NEWER, "", &[]);
    }
    let watch = start(&swarm, &state, &[]);
    let of = |service: &str, what: &str| format!("{what} build-mismatch {service}");
    let first = end(&swarm, watch, "one");
    assert_eq!(
        findings(&first),
        ["changes", "goes", "returns", "stays"].map(|name| of(name, "finding"))
    );

    let watch = start(&swarm, &state, &[]);
    let second = end(&swarm, watch, "two");
    assert_eq!(findings(&second), [""; 0]);
    nothing_twice(&[first, second].concat());

    swarm.docker("win-a", &["service", "rm", "goes", "returns"]);
    swarm.create("returns", NEWER, "", &[]);
    swarm.create("comes", NEWER, "", &[]);
    let image = |image: &str| {
        let update = ["service", "update", "--detach", "--no-resolve-image"];
        let image = format!("--image={image}");
        swarm.docker("win-a", &[&update[..], &[&image, "changes"]].concat());
    };
    image("contoso/fax:2-ltsc2016");
    image(NEWER);
    let watch = start(&swarm, &state, &[]);
    let third = end(&swarm, watch, "three");
    assert_eq!(
        findings(&third),
        [
            of("changes", "finding"),
            of("comes", "finding"),
            of("returns", "finding"),
            of("goes", "gone"),
        ]
    );
}

#[test]
fn a_service_that_came_while_no_watch_ran_is_constrained_and_older_ones_are_not() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state.json");
    let image = "contoso/fax:2-ltsc2019";
    swarm.create("before", image, "", &[]);
    let watch = start(&swarm, &state, &["--label", "--enforce"]);
    watch.until("labels", "win-b");
    end(&swarm, watch, "one");
    swarm.create("between", image, "", &[]);
    let watch = start(&swarm, &state, &["--label", "--enforce"]);
    watch.until("constraints", "between");
    end(&swarm, watch, "two");
    assert_eq!(constraints(&swarm, "before"), "[]");
    assert_eq!(
        constraints(&swarm, "between"),
        "[node.labels.OsVersion==10.0.17763]"
    );
    // What was decided is decided.
    let watch = start(&swarm, &state, &["--label", "--enforce"]);
    swarm.create("three", NEWER, "", &[]);
    watch.until("unconstrained", "three");
    let lines = watch.end();
    let decided = |line: &&Value| line["what"] == "constraints" || line["what"] == "unconstrained";
    let decided: Vec<&Value> = lines.iter().filter(decided).collect();
    assert_eq!(decided.len(), 1, "{decided:#?}");
}

#[test]
fn a_damaged_state_and_that_of_another_swarm_are_told_and_replaced() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    swarm.create("fax", NEWER, "", &[]);
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state.json");
    let name = state.display();
    let watch = start(&swarm, &state, &[]);
    end(&swarm, watch, "one");
    let whole = fs::read_to_string(&state).unwrap();
    let id = swarm.docker("win-a", &["info", "--format={{.Swarm.Cluster.ID}}"]);
    assert!(whole.contains(id.trim()), "{whole}");
    let half = &whole[..whole.len() / 2];
    let other = whole.replace(id.trim(), "another");
    for (at, (text, why)) in [(half, "it is damaged"), (&other, "it is another Swarm's")]
        .into_iter()
        .enumerate()
    {
        fs::write(&state, text).unwrap();
        let watch = start(&swarm, &state, &[]);
        let line = watch.until("state", "");
        let message = format!("{name}: {why}, and is replaced; what there is is told anew");
        assert_eq!(line["message"], message);
        watch.until("finding", "fax");
        end(&swarm, watch, ["two", "three"][at]);
        let now = fs::read_to_string(&state).unwrap();
        assert!(now.contains(id.trim()), "{now}");
    }
}

#[test]
fn a_file_that_is_no_state_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("winfit.toml");
    fs::write(&file, "[hosts]\n").unwrap();
    let path = file.display().to_string();
    let output = crate::winfit(&["swarm", "watch", "--state", &path]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    let words: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(
        words.join(" "),
        format!(
            "winfit: --state {path}: it is no state of a watch and stays as it is; name a file of its own"
        )
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "[hosts]\n");
}

#[test]
fn a_file_that_cannot_be_written_is_told_once_and_the_watch_goes_on() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("own");
    let state = own.join("state.json");
    let watch = start(&swarm, &state, &[]);
    let line = watch.until("state", "");
    let name = state.display();
    assert_eq!(
        line["message"],
        format!(
            "{name}: it could not be written: there is no such folder; the watch goes on, and the next one repeats what it tells"
        )
    );
    for service in ["one", "two"] {
        swarm.create(service, NEWER, "", &[]);
        watch.until("finding", service);
    }
    assert_eq!(watch.told("state", "").len(), 1);
    fs::create_dir(&own).unwrap();
    swarm.create("three", NEWER, "", &[]);
    watch.until("finding", "three");
    swarm.until("it is written", || watch.told("state", "").len() == 2);
    assert_eq!(
        watch.told("state", "")[1]["message"],
        format!("{name}: it is written again")
    );
    // Somebody else's file is none to write over.
    fs::write(&state, "[hosts]\n").unwrap();
    swarm.create("four", NEWER, "", &[]);
    watch.until("finding", "four");
    swarm.until("it is told", || watch.told("state", "").len() == 3);
    assert_eq!(fs::read_to_string(&state).unwrap(), "[hosts]\n");
    watch.end();
}

#[test]
fn rounds_for_a_clock_tell_what_is_new_since_the_last_one() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state.json").display().to_string();
    let address = swarm.address("win-a");
    let round = || {
        let command = ["swarm", "watch", "--once", "--docker-host", &address];
        let facts = ["--host=win-a=ltsc2019", "--state", &state];
        let output = crate::winfit(&[&command[..], &facts].concat());
        // What there is counts, told now or earlier.
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    // Nothing of it ever starts: its tasks have nothing to tell.
    let still = ["--replicas=0"];
    swarm.create("one", NEWER, "", &still);
    assert!(round().contains("finding[build-mismatch] service one"));
    assert_eq!(round(), "");
    swarm.create("two", NEWER, "", &still);
    let told = round();
    assert!(told.contains(" service two"), "{told}");
    assert!(!told.contains(" service one"), "{told}");
}
