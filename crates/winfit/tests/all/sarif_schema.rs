//! The official schema of SARIF 2.1.0. It is not ours to keep a copy of: the crate `serde-sarif`
//! carries it, and cargo says where that crate is.

use std::path::Path;
use std::process::Command;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// The schema, compiled.
pub(crate) struct SarifSchema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl SarifSchema {
    pub(crate) fn read() -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--locked"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let manifest = metadata["packages"]
            .as_array()
            .expect("cargo lists packages")
            .iter()
            .find(|package| package["name"] == "serde-sarif")
            .and_then(|package| package["manifest_path"].as_str())
            .expect("serde-sarif is a dependency");
        let path = Path::new(manifest)
            .with_file_name("src")
            .join("schema.json");
        let text = std::fs::read_to_string(&path).expect("the schema can be read");
        let mut schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
        assert_eq!(
            schema["properties"]["version"]["enum"][0], "2.1.0",
            "another version"
        );
        // The patterns of languages have a bracket too many, and say nothing to a strict reader.
        for object in ["run", "toolComponent"] {
            schema["definitions"][object]["properties"]["language"]
                .as_object_mut()
                .and_then(|language| language.remove("pattern"))
                .expect("the language has a pattern");
        }
        let id = "urn:sarif";
        schema["$id"] = Value::String(id.to_owned());
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource(id, schema).expect("a resource");
        let mut schemas = Schemas::new();
        let index = compiler
            .compile(id, &mut schemas)
            .unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    pub(crate) fn check(&self, log: &Value) -> Result<(), String> {
        self.schemas
            .validate(log, self.index)
            .map_err(|error| format!("{error:#}"))
    }
}
