//! Labels that select nodes, and their values.

use winfit_core::finding::{Confidence, Finding, Located, Severity};
use winfit_core::image::build_of_tag;
use winfit_core::names::releases_named;
use winfit_core::placement::kubernetes::Operator;
use winfit_core::remedy::Safety;
use winfit_core::version::{OsVersion, quote_for_error};
use winfit_core::{Catalog, Date};

use super::{Checking, paste};
use crate::kubernetes::Demand;

/// Every kubelet sets it.
pub(super) const OS: &str = "kubernetes.io/os";
/// Deprecated since Kubernetes 1.14; the node lifecycle controller still copies [`OS`] to it.
pub(super) const BETA_OS: &str = "beta.kubernetes.io/os";
/// As [`BETA_OS`], of `kubernetes.io/arch`.
const BETA_ARCH: &str = "beta.kubernetes.io/arch";
/// A label of Microsoft's page, which its readers set by hand.
pub(super) const OS_BUILD: &str = "beta.kubernetes.io/osbuild";
/// `MAJOR.MINOR.BUILD`, set by every kubelet on Windows since Kubernetes 1.17.
pub(super) const WINDOWS_BUILD: &str = "node.kubernetes.io/windows-build";
/// AKS: `windows` or `linux`.
pub(super) const AKS_OS: &str = "kubernetes.azure.com/os";
/// AKS: one of [`AKS_WINDOWS`], or a Linux.
pub(super) const AKS_OS_SKU: &str = "kubernetes.azure.com/os-sku";

/// The Windows values of [`AKS_OS_SKU`].
const AKS_WINDOWS: &[&str] = &["Windows2019", "Windows2022", "Windows2025", "WindowsAnnual"];

/// When AKS retires the node pools of a Windows (AKS documentation, `upgrade-windows-os.md`).
const AKS_RETIRES: &[(&str, &str, (i32, time::Month, u8))] = &[
    (
        "Windows2019",
        "Windows Server 2019",
        (2026, time::Month::March, 1),
    ),
    (
        "Windows2022",
        "Windows Server 2022",
        (2027, time::Month::March, 15),
    ),
];

impl Checking<'_> {
    pub(super) fn labels(&self, found: &mut Vec<Finding>) {
        for demand in &self.object.demands {
            self.wildcards(demand, found);
            match demand.key.value.as_str() {
                BETA_OS | BETA_ARCH => self.beta_label(demand, found),
                OS_BUILD => self.os_build(demand, found),
                WINDOWS_BUILD => self.windows_build(demand, found),
                _ => {}
            }
            match demand.key.value.as_str() {
                OS | BETA_OS | AKS_OS => self.os_value(demand, found),
                AKS_OS_SKU => self.os_sku(demand, found),
                _ => {}
            }
        }
    }

    fn beta_label(&self, demand: &Demand, found: &mut Vec<Finding>) {
        if self.evidence.is_none() {
            return;
        }
        let key = &demand.key.value;
        let new = key.trim_start_matches("beta.");
        let mut finding = Finding::new(
            "deprecated-label",
            Severity::Warning,
            self.subject(),
            demand.key.origin.clone(),
            format!(
                "the label {key} is deprecated since Kubernetes 1.14; {new} has the same values"
            ),
        )
        .label(format!("now {new}"))
        .note(format!(
            "controllers still copy {new} to it on every node, and may cease to with any release"
        ));
        if let (Operator::In, [value]) = (demand.operator, demand.values.as_slice()) {
            finding = finding.remedy(paste(
                "select by the label that stays",
                Safety::Unsafe,
                replacement(demand, new, &value.value.to_lowercase()),
            ));
        }
        found.push(finding);
    }

    fn os_build(&self, demand: &Demand, found: &mut Vec<Finding>) {
        let mut finding = Finding::new(
            "deprecated-label",
            Severity::Warning,
            self.subject(),
            demand.key.origin.clone(),
            format!(
                "no cluster sets the label {OS_BUILD}: a node has it only where someone set it by hand"
            ),
        )
        .label(format!("since Kubernetes 1.17 kubelets set {WINDOWS_BUILD}"));
        let version = match demand.values.as_slice() {
            [value] if !value.value.contains('*') => build_of(self.context.catalog, &value.value),
            _ => None,
        };
        if let Some(version) = version {
            if version.build == 14_393 {
                finding = finding.note(format!(
                    "{WINDOWS_BUILD} has no revision, and Windows Server 2016 (14393) runs only images of its \
                     own revision{}: to keep revisions apart, label the nodes yourself, under a name of your own",
                    version
                        .revision
                        .map(|revision| format!(" ({revision})"))
                        .unwrap_or_default()
                ));
            }
            finding = finding.remedy(paste(
                "select by the build that kubelets report",
                Safety::Unsafe,
                replacement(
                    demand,
                    WINDOWS_BUILD,
                    &version.without_revision().to_string(),
                ),
            ));
        }
        found.push(finding);
    }

    fn wildcards(&self, demand: &Demand, found: &mut Vec<Finding>) {
        let ours = self.evidence.is_some()
            || matches!(demand.key.value.as_str(), OS_BUILD | WINDOWS_BUILD);
        for value in demand
            .values
            .iter()
            .filter(|value| value.value.contains('*'))
        {
            if !ours {
                continue;
            }
            let finding = Finding::new(
                "wildcard-label-value",
                Severity::Error,
                self.subject(),
                value.origin.clone(),
                format!(
                    "{:?} matches no node: the values of labels are compared whole, and hold no \"*\"",
                    quote_for_error(&value.value)
                ),
            )
            .label("no wildcards here")
            .note(if demand.term.is_none() {
                "the API server refuses a nodeSelector with such a value"
            } else {
                "the API server takes it, and the scheduler then finds no node for the pod"
            });
            let text = value.value.replace('*', "");
            let version = build_of(self.context.catalog, text.trim_end_matches('.'));
            found.push(match version {
                Some(version) if matches!(demand.key.value.as_str(), OS_BUILD | WINDOWS_BUILD) => {
                    finding.remedy(paste(
                        "select the build, which leaves the revision open",
                        Safety::Unsafe,
                        replacement(
                            demand,
                            WINDOWS_BUILD,
                            &version.without_revision().to_string(),
                        ),
                    ))
                }
                _ => finding,
            });
        }
    }

    fn windows_build(&self, demand: &Demand, found: &mut Vec<Finding>) {
        if !matches!(demand.operator, Operator::In | Operator::NotIn) {
            return;
        }
        for value in &demand.values {
            if value.value.contains('*') || is_windows_build(&value.value) {
                continue;
            }
            let version = build_of(self.context.catalog, &value.value);
            let message = format!(
                "no node has the build {:?}: kubelets write {WINDOWS_BUILD} as major.minor.build, {}",
                quote_for_error(&value.value),
                match version {
                    Some(version) => format!("here {}", version.without_revision()),
                    None => "as 10.0.20348".to_owned(),
                }
            );
            let right = version.map(|version| version.without_revision().to_string());
            found.push(self.wrong_value(
                "windows-build-value",
                demand,
                value,
                message,
                right.as_deref(),
            ));
        }
    }

    /// A value that no node has.
    fn wrong_value(
        &self,
        rule: &'static str,
        demand: &Demand,
        value: &Located<String>,
        message: String,
        right: Option<&str>,
    ) -> Finding {
        // One of several, or one that is to be avoided, does not keep the pod from every node.
        let severity = if demand.operator == Operator::In && demand.values.len() == 1 {
            Severity::Error
        } else {
            Severity::Warning
        };
        let finding = Finding::new(
            rule,
            severity,
            self.subject(),
            value.origin.clone(),
            message,
        );
        match right {
            Some(right) => finding.label(format!("write {right:?}")).remedy(paste(
                "write the value that nodes have",
                Safety::Unsafe,
                replacement(demand, &demand.key.value, right),
            )),
            None => finding.label("no node has this value"),
        }
    }

    fn os_value(&self, demand: &Demand, found: &mut Vec<Finding>) {
        for value in &demand.values {
            let text = value.value.as_str();
            let meant = text
                .get(..3)
                .is_some_and(|start| start.eq_ignore_ascii_case("win"));
            if text == "windows" || !meant || text.contains('*') {
                continue;
            }
            let message = if text.eq_ignore_ascii_case("windows") {
                format!(
                    "no node has {}={text}: the value is \"windows\", and case matters",
                    demand.key.value
                )
            } else {
                format!(
                    "no node has {}={}: the value is \"windows\" for every Windows",
                    demand.key.value,
                    quote_for_error(text)
                )
            };
            found.push(self.wrong_value("os-label-value", demand, value, message, Some("windows")));
        }
    }

    fn os_sku(&self, demand: &Demand, found: &mut Vec<Finding>) {
        for value in &demand.values {
            let text = value.value.as_str();
            if AKS_WINDOWS.contains(&text) {
                if matches!(demand.operator, Operator::In) {
                    self.retired(value, found);
                }
                continue;
            }
            let lower = text.to_lowercase();
            if !lower.starts_with("win") || text.contains('*') {
                continue;
            }
            let digits = lower.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            let right = AKS_WINDOWS.iter().copied().find(|known| {
                known.eq_ignore_ascii_case(text)
                    || (!digits.is_empty() && known.trim_start_matches("Windows") == digits)
            });
            let message = format!(
                "no AKS node has {AKS_OS_SKU}={}: its Windows values are {}",
                quote_for_error(text),
                AKS_WINDOWS.join(", ")
            );
            found.push(self.wrong_value("os-label-value", demand, value, message, right));
        }
    }

    fn retired(&self, value: &Located<String>, found: &mut Vec<Finding>) {
        let Some((_, name, (year, month, day))) =
            AKS_RETIRES.iter().find(|(sku, ..)| *sku == value.value)
        else {
            return;
        };
        let Ok(date) = Date::from_calendar_date(*year, *month, *day) else {
            return;
        };
        let options = self.context.options;
        let days = (date - options.today).whole_days();
        if days > options.eol_within {
            return;
        }
        let message = if days <= 0 {
            format!("AKS retired its {name} node pools on {date}")
        } else {
            format!("AKS retires its {name} node pools on {date}, in {days} days")
        };
        found.push(
            Finding::new(
                "retired-node-os",
                Severity::Warning,
                self.subject(),
                value.origin.clone(),
                message,
            )
            .label(if days <= 0 { "retired" } else { "retires soon" })
            .confidence(Confidence::Certain)
            .note(
                "a newer Windows on the nodes asks for images of that Windows: rebuild them before \
                 moving to another node pool",
            ),
        );
    }
}

/// A demand with another label or value, as it stands in its place.
fn replacement(demand: &Demand, key: &str, value: &str) -> String {
    // Kubernetes takes text only: what YAML reads as a number needs quotes.
    let value = if value.parse::<f64>().is_ok() || value.starts_with("10.") {
        format!("{value:?}")
    } else {
        value.to_owned()
    };
    match demand.term {
        None => format!("{key}: {value}"),
        Some(_) => format!(
            "- key: {key}\n  operator: {}\n  values: [{value}]",
            demand.operator.name()
        ),
    }
}

/// Whether a value is of the form that kubelets write, `10.0.17763`.
fn is_windows_build(text: &str) -> bool {
    text.strip_prefix("10.0.")
        .is_some_and(|build| build.parse::<u16>().is_ok() && !build.starts_with(['0', '+']))
}

/// The version that a value means: a version in any spelling, a tag, a release's name.
fn build_of(catalog: &Catalog, text: &str) -> Option<OsVersion> {
    if let Ok(version) = text.parse::<OsVersion>() {
        return Some(version).filter(|version| version.major == 10 && version.minor == 0);
    }
    let build = build_of_tag(catalog, text).or_else(|| {
        let mut builds = releases_named(catalog, text)
            .into_iter()
            .map(|release| release.build);
        let first = builds.next()?;
        builds.all(|build| build == first).then_some(first)
    })?;
    Some(OsVersion::of_build(build))
}
