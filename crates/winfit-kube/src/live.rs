//! What findings say of files, said of a cluster: its objects have no file that winfit knows.

use winfit_core::finding::Finding;

/// Lets findings name the options that tell what a repository says in `winfit.toml`.
pub fn for_live_objects(findings: &mut [Finding]) {
    for finding in findings {
        for note in &mut finding.notes {
            if note.contains("in winfit.toml") && note.contains("[images.") {
                "--image-version REF=VERSION tells it, --online asks the image's registry"
                    .clone_into(note);
            } else if note.contains("hyperv = true in winfit.toml, or ") {
                *note = note.replace(
                    "hyperv = true in winfit.toml, or --host HOST,hyperv=on",
                    "--host NODE=VERSION,hyperv=on",
                );
            }
        }
        for remedy in &mut finding.remedies {
            remedy.diff = None;
        }
    }
}
