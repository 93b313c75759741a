//! What makes it evident that an object is about Windows.

use winfit_core::Catalog;
use winfit_core::finding::{Confidence, Origin};
use winfit_core::host::Os;
use winfit_core::image::{ImageError, NamedImage};
use winfit_core::placement::kubernetes::{Operator, RuntimeClass};

use super::super::Context;
use super::labels;
use crate::kubernetes::{Content, Demand, Object, PodTemplate};

/// What makes it evident that an object is about Windows.
pub(super) struct Evidence {
    /// Where it stands.
    pub(super) origin: Origin,
    /// A few words for there.
    pub(super) label: String,
    /// Stated, or inferred from an image's tag.
    pub(super) confidence: Confidence,
}

impl Evidence {
    fn stated(origin: &Origin, label: impl Into<String>) -> Self {
        Self {
            origin: origin.clone(),
            label: label.into(),
            confidence: Confidence::Certain,
        }
    }
}

/// Looks for it, the plainest first.
pub(super) fn of(context: &Context<'_>, object: &Object) -> Option<Evidence> {
    if let Some(found) = object.demands.iter().find_map(of_demand) {
        return Some(found);
    }
    match &object.content {
        Content::Workload(template) => of_template(context, template),
        Content::RuntimeClass(class) => class
            .handler
            .value
            .starts_with("runhcs-wcow")
            .then(|| Evidence::stated(&class.handler.origin, "a handler of Windows containers")),
        Content::Node(_) | Content::Other => None,
    }
}

fn of_demand(demand: &Demand) -> Option<Evidence> {
    let windows = |value: &str| {
        value
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("win"))
    };
    let positive = matches!(demand.operator, Operator::In)
        && !demand.values.is_empty()
        && demand.values.iter().all(|value| windows(&value.value));
    let is = match demand.key.value.as_str() {
        labels::OS | labels::BETA_OS | labels::AKS_OS | labels::AKS_OS_SKU => positive,
        labels::WINDOWS_BUILD | labels::OS_BUILD => {
            !matches!(demand.operator, Operator::NotIn | Operator::DoesNotExist)
        }
        _ => false,
    };
    is.then(|| Evidence::stated(&demand.key.origin, "selects Windows nodes"))
}

fn of_template(context: &Context<'_>, template: &PodTemplate) -> Option<Evidence> {
    if let Some(os) = &template.os_name {
        return (os.value == "windows").then(|| Evidence::stated(&os.origin, "a Windows pod"));
    }
    if let Some(origin) = &template.windows_options {
        return Some(Evidence::stated(origin, "options of Windows containers"));
    }
    if let Some(name) = &template.placement.runtime_class
        && (name.value.starts_with("runhcs-wcow")
            || runtime_class(context, &name.value)
                .is_some_and(|class| class.handler.value.starts_with("runhcs-wcow")))
    {
        return Some(Evidence::stated(
            &name.origin,
            "a runtime of Windows containers",
        ));
    }
    if let Some(found) = template.misplaced_demands.iter().find_map(of_demand) {
        return Some(found);
    }
    template.containers.iter().find_map(|container| {
        let image = container.image.as_ref()?;
        is_windows_image(context.catalog, &image.value).then(|| Evidence {
            origin: image.origin.clone(),
            label: "a Windows image".to_owned(),
            confidence: Confidence::Likely,
        })
    })
}

/// Whether an image is a Windows base image, or its tag names a release of Windows.
fn is_windows_image(catalog: &Catalog, text: &str) -> bool {
    match NamedImage::read_reference(catalog, text) {
        Ok(named) => {
            named.reference.is_some()
                && named.image.os == Os::Windows
                && (named.is_base || named.image.version.is_some())
        }
        Err(error) => matches!(error, ImageError::LatestRemoved { .. }),
    }
}

/// The RuntimeClass of this name, where the repository has it.
pub(super) fn runtime_class<'a>(context: &Context<'a>, name: &str) -> Option<&'a RuntimeClass> {
    context
        .fleet
        .runtime_classes
        .iter()
        .find(|class| class.name == name)
}
