//! What a RuntimeClass adds to the placement of its pods, as the admission plugin `RuntimeClass` does.

use crate::finding::Located;

use super::{PodPlacement, RuntimeClass};

/// The pod and its RuntimeClass ask for different values of one label: the API server refuses the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The label.
    pub key: String,
    /// What the pod's nodeSelector asks for.
    pub pod: Located<String>,
    /// What the class's nodeSelector asks for.
    pub class: Located<String>,
}

impl PodPlacement {
    /// The placement with what its RuntimeClass adds: nodeSelector and tolerations.
    pub fn with_runtime_class(&self, class: &RuntimeClass) -> Result<Self, Box<Conflict>> {
        let mut merged = self.clone();
        for added in &class.node_selector {
            let own = self.node_selector.iter().find(|own| own.key == added.key);
            match own {
                Some(own) if own.values != added.values => {
                    let value = |of: &super::Requirement| {
                        Located::new(of.values.join(","), of.origin.clone())
                    };
                    return Err(Box::new(Conflict {
                        key: added.key.clone(),
                        pod: value(own),
                        class: value(added),
                    }));
                }
                Some(_) => {}
                None => merged.node_selector.push(added.clone()),
            }
        }
        merged.tolerations.extend(class.tolerations.iter().cloned());
        Ok(merged)
    }
}
