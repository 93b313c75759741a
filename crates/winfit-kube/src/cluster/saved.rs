//! What somebody saved of a cluster, for support cases.

use crate::model::{Item, Objects};

use super::{Cluster, Interned};

/// What was saved and decides nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The kinds of objects that decide nothing, in the order in which they were met, with how many.
    pub kinds: Vec<(String, usize)>,
}

impl Cluster {
    /// Puts in what `kubectl get nodes,pods,… -o json` printed: a list, an object, or several of either.
    ///
    /// # Errors
    ///
    /// The text is no JSON, or an object has a field of another type than Kubernetes gives it; the sentence
    /// names the line. What stood before it is in.
    pub fn add_json(&mut self, text: &[u8], interned: &mut Interned) -> Result<LeftOut, String> {
        let mut left = LeftOut::default();
        let mut sink = |item: Item| {
            if let Some(kind) = self.add(item, interned) {
                match left.kinds.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, times)) => *times += 1,
                    None => left.kinds.push((kind, 1)),
                }
            }
        };
        let mut reader = serde_json::Deserializer::from_slice(text);
        while reader.end().is_err() {
            Objects::read(&mut reader, &mut sink).map_err(|error| error.to_string())?;
        }
        Ok(left)
    }
}
