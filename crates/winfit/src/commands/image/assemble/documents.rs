//! An assembly for programs: `winfit.assemble/1`.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;

use super::Assembled;
use crate::commands::image::inspect::documents::image;
use crate::findings::document as harmless;

pub(super) fn document(catalog: &Catalog, assembled: &Assembled) -> Result<String> {
    let assembly = &assembled.assembly;
    let digest_of = |at: usize| {
        assembly
            .children
            .get(at)
            .map(|(child, _)| child.digest.as_str())
    };
    let unhelped: Vec<Value> = assembled
        .unhelped
        .iter()
        .map(|one| {
            json!({
                "engine": one.engine.to_string(),
                "host_build": one.build,
                "takes": one.gets.and_then(digest_of),
                "better": digest_of(one.best),
            })
        })
        .collect();
    let copies: Vec<Value> = assembly
        .copies()
        .map(|(child, from)| json!({"digest": child.digest.as_str(), "from": from.to_string()}))
        .collect();
    let planned = assembly.report();
    harmless(&json!({
        "schema": "winfit.assemble/1",
        "applied": assembled.now.is_some(),
        "image": image(catalog, assembled.now.as_ref().unwrap_or(&planned)),
        "index": serde_json::from_str::<Value>(&assembly.text)?,
        "copies": copies,
        "left_out_attestations": assembly.left_out,
        "unhelped": unhelped,
        "remarks": assembled.remarks,
    }))
}
