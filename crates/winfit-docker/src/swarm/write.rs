//! Changing what is wanted of a node or a service: read whole, changed in one place, written whole.

use serde_json::Value;

use crate::engine::Engine;
use crate::error::DockerError;

/// So often a change is made anew where somebody else was faster.
const TRIES: usize = 3;

/// Changes an object and writes what is wanted of it. `edit` gets the object as the engine has it now, with
/// all that winfit knows nothing of, and says whether it changed something; else nothing is written.
///
/// Where somebody else changed the object meanwhile it is read anew and `edit` decides anew.
pub async fn change(
    engine: &Engine,
    path: &str,
    mut edit: impl FnMut(&mut Value) -> bool,
) -> Result<bool, DockerError> {
    let mut tries = 1;
    loop {
        let mut object: Value = engine.get(path).await?;
        if !edit(&mut object) {
            return Ok(false);
        }
        let index = object.pointer("/Version/Index").and_then(Value::as_u64);
        let (Some(index), Some(spec)) = (index, object.get("Spec")) else {
            return Err(DockerError::Answer {
                endpoint: engine.name().to_owned(),
                what: path.to_owned(),
                reason: "it has no Version.Index or no Spec".to_owned(),
            });
        };
        let update = format!("{path}/update?version={index}");
        match engine.post(&update, spec).await {
            Err(DockerError::OutOfDate { .. }) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(()) => return Ok(true),
        }
    }
}
