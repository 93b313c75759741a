//! What people save and paste: forms one after another, prompts and prose between them, any encoding.

use winfit_kube::{Cluster, Interned, LeftOut};

fn read(bytes: &[u8]) -> (Cluster, LeftOut) {
    let mut cluster = Cluster::default();
    let left = cluster.add_saved(bytes, &mut Interned::default());
    (cluster, left.unwrap())
}

fn names(cluster: &Cluster) -> Vec<&str> {
    let nodes = cluster.nodes.iter();
    nodes.map(|node| &*node.metadata.name).collect()
}

const JSON: &str = "{\n  \"kind\": \"Node\",\n  \"metadata\": {\"name\": \"json\"}\n}\n";
const YAML: &str = "apiVersion: v1\nkind: Node\nmetadata:\n  name: yaml\n";
const DESCRIBED: &str =
    "Name:               described\nRoles:              <none>\nUnschedulable:      false\n";

#[test]
fn forms_stand_one_after_another_with_prompts_and_prose_between_them() {
    let text = format!(
        "The nodes are these:\n\n$ kubectl get node json -o json\n{JSON}\
         [1] is above\nPS C:\\Users\\me> kubectl get node yaml -o yaml\n{YAML}\
         $ kubectl describe node described\n{DESCRIBED}{JSON}{YAML}{DESCRIBED}---\n{YAML}---\n{YAML}{YAML}"
    );
    let (cluster, left) = read(text.as_bytes());
    assert_eq!(left, LeftOut::default());
    let all = ["json", "yaml", "described"];
    let expected: Vec<&str> = [&all[..], &all[..], &["yaml"; 3]].concat();
    assert_eq!(names(&cluster), expected);
}

#[test]
fn the_line_of_what_is_broken_is_that_of_the_file() {
    let bad = YAML.replace("name: yaml", "labels: [a]");
    let text = format!("one\ntwo\n{JSON}{YAML}---\n{bad}---\n{YAML}");
    let line = text.lines().position(|line| line.contains("[a]")).unwrap() + 1;
    let (cluster, left) = read(text.as_bytes());
    assert_eq!(names(&cluster), ["json", "yaml", "yaml"]);
    assert_eq!(
        left.broken,
        [format!(
            "line {line}: a Node whose name cannot be read is left out: labels: a list stands where a map belongs"
        )]
    );
}

#[test]
fn any_encoding_that_tools_write() {
    let text = format!("{JSON}{DESCRIBED}{YAML}").replace('\n', "\r\n");
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in [
        text.clone().into_bytes(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        [b"\xff\xfe", little.as_slice()].concat(),
        [b"\xfe\xff", big.as_slice()].concat(),
        little,
        // A code page's letter in what somebody wrote above.
        [b"f\xfcr den Support\r\n", text.as_bytes()].concat(),
    ] {
        let (cluster, left) = read(&bytes);
        assert_eq!(names(&cluster), ["json", "described", "yaml"]);
        assert_eq!(left, LeftOut::default());
    }
}
