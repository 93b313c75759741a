//! Objects as texts with gaps: one is made by filling them, which costs little more than copying it.

use serde_json::Value;

use super::{nodes, pods, workloads};

/// A text with gaps, which an object's values fill.
pub(super) struct Template {
    /// Texts, each with the value that follows it.
    pieces: Vec<(String, usize)>,
    end: String,
}

impl Template {
    /// Makes one of an object in which `@3@` stands for the value 3, as a text or within one, and
    /// `@=3=@` for what is no text.
    pub(super) fn new(object: &Value) -> Self {
        let text = object.to_string();
        let text = text.replace("\"@=", "@").replace("=@\"", "@");
        // The opening brace is the caller's, who may have more to put there.
        let mut rest = text.strip_prefix('{').unwrap_or(&text);
        let mut pieces = Vec::new();
        let mut searched = 0;
        while let Some(start) = rest[searched..].find('@').map(|at| at + searched) {
            let number = rest[start + 1..].find('@').map(|end| start + 1 + end);
            match number.map(|end| (end, rest[start + 1..end].parse())) {
                Some((end, Ok(number))) => {
                    pieces.push((rest[..start].to_owned(), number));
                    rest = &rest[end + 1..];
                    searched = 0;
                }
                _ => searched = start + 1,
            }
        }
        Self {
            pieces,
            end: rest.to_owned(),
        }
    }

    /// Writes it with these values, all but its opening brace.
    pub(super) fn fill(&self, values: &[&str], out: &mut Vec<u8>) {
        for (text, value) in &self.pieces {
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(values[*value].as_bytes());
        }
        out.extend_from_slice(self.end.as_bytes());
    }
}

/// One for each shape that objects have.
pub(super) struct Templates {
    pub(super) linux_node: Template,
    pub(super) windows_node: Template,
    /// By whether it is for Windows, and whether its Windows is selected.
    pub(super) deployment: [Template; 3],
    pub(super) replica_set: [Template; 3],
    pub(super) daemon_set: [Template; 3],
    pub(super) job: [Template; 3],
    pub(super) pod: [Template; 3],
    pub(super) failing_pod: Template,
    pub(super) finished_pod: [Template; 3],
    pub(super) warning: Template,
    pub(super) pulled: Template,
}

impl Templates {
    pub(super) fn new() -> Self {
        use workloads::Selects::{Build, Nothing, Windows};
        let each = |make: &dyn Fn(workloads::Selects) -> Value| {
            [Nothing, Windows, Build].map(|selects| Template::new(&make(selects)))
        };
        Self {
            linux_node: Template::new(&nodes::template(false)),
            windows_node: Template::new(&nodes::template(true)),
            deployment: each(&workloads::deployment),
            replica_set: each(&workloads::replica_set),
            daemon_set: each(&workloads::daemon_set),
            job: each(&workloads::job),
            pod: each(&|selects| pods::template(selects, pods::State::Runs)),
            failing_pod: Template::new(&pods::template(Windows, pods::State::Fails)),
            finished_pod: each(&|selects| pods::template(selects, pods::State::Finished)),
            warning: Template::new(&pods::event(true)),
            pulled: Template::new(&pods::event(false)),
        }
    }
}
