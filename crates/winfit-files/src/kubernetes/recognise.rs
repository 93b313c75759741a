//! What is a manifest, and what only becomes one.

use memchr::memmem;

use crate::yaml::{Node, Tree};

/// Whether a text may hold Kubernetes objects: it has the keys `apiVersion` and `kind`. Cheap, and
/// says yes rather too often.
pub fn looks_like(text: &str) -> bool {
    has_key(text.as_bytes(), b"apiVersion") && has_key(text.as_bytes(), b"kind")
}

/// Whether a word stands in a text as a key: before a colon, alone or between quotes.
fn has_key(text: &[u8], word: &[u8]) -> bool {
    memmem::find_iter(text, word).any(|at| {
        let starts = at
            .checked_sub(1)
            .is_none_or(|before| !text[before].is_ascii_alphanumeric());
        let rest = &text[at + word.len()..];
        let rest = rest
            .strip_prefix(b"\"")
            .or(rest.strip_prefix(b"'"))
            .unwrap_or(rest);
        let blanks = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        starts && rest.get(blanks) == Some(&b':')
    })
}

/// Whether a document is a Kubernetes object: a mapping with `apiVersion` and `kind`.
pub fn is_object(tree: &Tree<'_>) -> bool {
    tree.root().is_some_and(|root| {
        let text = |key| root.get(key).and_then(Node::as_str).is_some();
        text("apiVersion") && text("kind")
    })
}

/// Whether a text is the source of a Helm chart: it has an action that only Helm understands.
/// Manifests may hold other templates as text (alerts, dashboards), which are none of Helm's.
pub fn is_helm_template(text: &str) -> bool {
    memmem::find_iter(text.as_bytes(), "{{").any(|at| {
        let rest = &text[at + 2..];
        let action = rest.split_once("}}").map_or("", |(action, _)| action);
        [
            ".Values",
            ".Release.",
            ".Chart.",
            ".Capabilities.",
            ".Files.",
            ".Template.",
        ]
        .iter()
        .any(|object| action.contains(object))
            || ["include \"", "define \"", "template \""]
                .iter()
                .any(|call| {
                    action
                        .trim_start_matches(['-', ' ', '\t', '\r', '\n'])
                        .starts_with(call)
                })
    })
}

/// Whether a path names a file that Kustomize starts from.
pub fn is_kustomization(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    matches!(
        file,
        "kustomization.yaml" | "kustomization.yml" | "Kustomization"
    )
}
