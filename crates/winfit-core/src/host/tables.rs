//! Rows of `kubectl get nodes`, in columns or flattened onto one line.
//!
//! A row is known by its status word, never by its position: the Swedish page prints a whole table
//! on one line, and widths are lost in most pastes.

use crate::catalog::Catalog;
use crate::host::Os;

use super::draft::{Draft, Said, Shape};
use super::fields;

/// What a line of the table says.
pub(super) enum Row<'c> {
    /// A node with facts.
    Node(Box<Draft<'c>>),
    /// A node of which neither version nor system is said: its name.
    Bare(String),
}

/// Whether this word is the STATUS of a node.
fn is_status(word: &str) -> bool {
    let mut parts = word.split(',');
    matches!(parts.next(), Some("Ready" | "NotReady" | "Unknown"))
        && parts.all(|part| part == "SchedulingDisabled" || part == "NodeNotSchedulable")
}

/// `v1.7.7-7+e79c96c8ff2d8e`.
fn is_kubernetes_version(word: &str) -> bool {
    word.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('.'))
}

/// The rows in a line; none where it is no such table.
pub(super) fn rows<'c>(catalog: &'c Catalog, text: &str, line: usize) -> Vec<Row<'c>> {
    if !text.contains("Ready") && !text.contains("Unknown") {
        return Vec::new();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    // A row: NAME STATUS [ROLES] AGE VERSION …; the version is what no other output has there.
    let starts: Vec<(usize, usize)> = (1..words.len())
        .filter(|at| is_status(words[*at]))
        .filter_map(|at| {
            let after = &words[at + 1..words.len().min(at + 6)];
            let version = after.iter().position(|word| is_kubernetes_version(word))?;
            Some((at - 1, at + 1 + version))
        })
        .collect();
    let mut rows = Vec::with_capacity(starts.len());
    for (index, (start, version)) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(words.len(), |(next, _)| *next);
        let rest = words.get(version + 1..end).unwrap_or_default();
        rows.push(row(catalog, words[*start], rest, line));
    }
    rows
}

fn row<'c>(catalog: &'c Catalog, name: &str, rest: &[&str], line: usize) -> Row<'c> {
    let mut draft = Draft::new(Shape::Node, line);
    draft.name = Some(name.to_owned());
    draft.kubernetes = true;
    let labels = rest
        .iter()
        .filter(|word| word.contains('=') && !word.contains("://"));
    for list in labels {
        for pair in list.split(',') {
            if let Some((key, value)) = pair.split_once('=') {
                // On the page the next sentence sticks to the last label of the table.
                fields::label(&mut draft, catalog, key, value, line);
            }
        }
    }
    wide(&mut draft, catalog, rest, line);
    if draft.stated_build().is_none() {
        // `-L node.kubernetes.io/windows-build` adds a column.
        let column = rest.iter().find_map(|word| {
            let version = fields::leading_version(word)?;
            (version.to_string() == **word).then_some((version, word))
        });
        if let Some((version, word)) = column {
            draft.version(version, Said::new(word, line));
            draft.os.get_or_insert((Os::Windows, Said::new(word, line)));
        }
    }
    if draft.os.is_none() && draft.stated_build().is_none() && draft.named.is_none() {
        return Row::Bare(name.to_owned());
    }
    Row::Node(Box::new(draft))
}

/// INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME, of `-o wide`.
fn wide<'c>(draft: &mut Draft<'c>, catalog: &'c Catalog, rest: &[&str], line: usize) {
    let Some(at) = rest.iter().position(|word| word.contains("://")) else {
        return;
    };
    fields::runtime(draft, rest[at]);
    // The kernel is one word, or the three of `10.0 14393 (14393.1715.amd64fre…)`.
    let words = if at >= 3 && rest[at - 1].starts_with('(') {
        3
    } else {
        1
    };
    let Some(kernel_at) = at.checked_sub(words) else {
        return;
    };
    let kernel = rest[kernel_at..at].join(" ");
    fields::apply(
        draft,
        catalog,
        fields::Field::Kernel,
        "KERNEL-VERSION",
        &kernel,
        line,
    );
    let image = rest.get(2..kernel_at).unwrap_or_default().join(" ");
    if image.contains("Windows") {
        draft.product_name(catalog, &image, line);
        draft
            .os
            .get_or_insert((Os::Windows, Said::new(&image, line)));
    } else if draft.stated_build().is_none() && !image.is_empty() && image != "<unknown>" {
        draft.os.get_or_insert((Os::Linux, Said::new(&image, line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_versions_are_told_from_other_words() {
        for word in [
            "Ready",
            "NotReady",
            "Ready,SchedulingDisabled",
            "NotReady,SchedulingDisabled",
        ] {
            assert!(is_status(word), "{word}");
        }
        for word in ["Running", "ready", "Ready,x", "READY"] {
            assert!(!is_status(word), "{word}");
        }
        assert!(is_kubernetes_version("v1.7.7-7+e79c96c8ff2d8e"));
        assert!(!is_kubernetes_version("very"));
        assert!(!is_kubernetes_version("1.7.7"));
    }

    #[test]
    fn a_service_table_is_no_node_table() {
        let text =
            "klkbhn742lv0 angry_liskov.1 windows/servercore/iis WIN-BST Ready Ready 3 seconds ago";
        assert!(rows(Catalog::builtin(), text, 1).is_empty());
    }
}
