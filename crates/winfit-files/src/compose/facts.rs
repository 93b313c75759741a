//! What is told of a service when all files have had their say.

use std::collections::HashMap;

use winfit_core::finding::Located;

use super::layer::{BuildLayer, Context, ServiceLayer, Text};
use super::service::join;
use super::{Service, ServiceBuild};

/// What is told of a service in the end.
pub(super) fn service(layer: ServiceLayer) -> Service {
    let origin = layer.name.origin.clone();
    let image = layer.image.into_value();
    let deploy = layer.deploy.into_value();
    let place = deploy.as_ref().map(|deploy| deploy.origin.clone());
    let (placement, mode, replicas) = deploy.map_or((None, None, None), |deploy| {
        (
            deploy.placement.into_value(),
            deploy.mode.into_value(),
            deploy.replicas.into_value(),
        )
    });
    let mut constraints = Vec::new();
    let mut unresolved_constraints = Vec::new();
    for text in placement
        .and_then(|placement| placement.constraints.into_value())
        .unwrap_or_default()
    {
        match text.value {
            Some(value) => constraints.push(Located::new(value, text.origin)),
            None => unresolved_constraints.push(Located::new(text.written, text.origin)),
        }
    }
    Service {
        name: layer.name,
        resolved_image: image.as_ref().and_then(|image| image.value.clone()),
        unresolved: image
            .as_ref()
            .map(|image| image.unresolved.clone())
            .unwrap_or_default(),
        image: image.map(|image| Located::new(image.written, image.origin)),
        build: layer.build.into_value().map(build),
        isolation: layer.isolation.into_value().and_then(Text::located),
        platform: layer.platform.into_value().and_then(Text::located),
        deploy: place,
        constraints,
        unresolved_constraints,
        global: mode
            .and_then(|mode| mode.value)
            .is_some_and(|mode| matches!(mode.as_str(), "global" | "global-job")),
        replicas: replicas
            .or(layer.scale.into_value())
            .and_then(|count| count.value?.trim().parse().ok()),
        origin,
    }
}

fn build(layer: BuildLayer) -> ServiceBuild {
    let inline = layer.inline.into_value().and_then(Text::located);
    let context = layer
        .context
        .into_value()
        .unwrap_or(Context::Folder(layer.folder));
    let name = match layer.dockerfile.into_value() {
        Some(text) => text.value,
        None => Some("Dockerfile".to_owned()),
    };
    let target = layer.target.into_value();
    let target_known = target.as_ref().is_none_or(|target| target.value.is_some());
    let dockerfile = match (context, name) {
        (Context::Folder(folder), Some(name)) if inline.is_none() && target_known => {
            Some(join(&folder, &name))
        }
        _ => None,
    };
    let mut args: Vec<(String, String)> = Vec::new();
    let mut unresolved_args = Vec::new();
    let mut last: HashMap<String, Option<String>> = HashMap::new();
    let mut order = Vec::new();
    for (name, value) in layer.args.into_value().unwrap_or_default() {
        if last.insert(name.clone(), value).is_none() {
            order.push(name);
        }
    }
    for name in order {
        match last.remove(&name) {
            Some(Some(value)) => args.push((name, value)),
            _ => unresolved_args.push(name),
        }
    }
    ServiceBuild {
        dockerfile,
        inline,
        target: target.and_then(|target| target.value),
        isolation: layer.isolation.into_value().and_then(Text::located),
        args,
        unresolved_args,
        origin: layer.origin,
    }
}
