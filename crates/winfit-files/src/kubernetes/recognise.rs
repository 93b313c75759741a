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
    let mut rest = text;
    while let Some((_, opened)) = rest.split_once("{{") {
        let Some((action, behind)) = opened.split_once("}}") else {
            return false;
        };
        if is_helm_action(action) {
            return true;
        }
        rest = behind;
    }
    false
}

/// Whether the text between `{{` and `}}` is an action that only Helm understands.
fn is_helm_action(action: &str) -> bool {
    const OBJECTS: [&str; 6] = [
        ".Values",
        ".Release.",
        ".Chart.",
        ".Capabilities.",
        ".Files.",
        ".Template.",
    ];
    const CALLS: [&str; 3] = ["include \"", "define \"", "template \""];
    let call = action.trim_start_matches(['-', ' ', '\t', '\r', '\n']);
    OBJECTS.iter().any(|object| action.contains(object))
        || CALLS.iter().any(|known| call.starts_with(known))
}

/// Whether a path names a file that Kustomize starts from.
pub fn is_kustomization(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    matches!(
        file,
        "kustomization.yaml" | "kustomization.yml" | "Kustomization"
    )
}
