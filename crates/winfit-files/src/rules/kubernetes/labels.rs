//! Labels that select nodes, and their values.

use winfit_core::change::Change;
use winfit_core::finding::{Confidence, Finding, Located, Severity};
use winfit_core::host::{Host, Kind};
use winfit_core::image::{Image, build_of_tag};
use winfit_core::names::releases_named;
use winfit_core::placement::kubernetes::Operator;
use winfit_core::reason::windows_name;
use winfit_core::remedy::{Remedy, Safety};
use winfit_core::verdict::judge;
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
const AKS_RETIRES: &[(&str, u16, (i32, time::Month, u8))] = &[
    ("Windows2019", 17_763, (2026, time::Month::March, 1)),
    ("Windows2022", 20_348, (2027, time::Month::March, 15)),
];

/// The newest Windows of AKS node pools, `Windows2025`.
const AKS_NEWEST: u16 = 26_100;

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
        let finding = Finding::new(
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
        found.push(if self.is_beside(demand, new) {
            doubled(finding, demand, new)
        } else {
            let values = demand.values.iter();
            finding.remedy(demand_instead(
                "select by the label that stays",
                demand,
                new,
                values.map(|value| value.value.to_lowercase()).collect(),
            ))
        });
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
            finding = if self.is_beside(demand, WINDOWS_BUILD) {
                doubled(finding, demand, WINDOWS_BUILD)
            } else {
                let mut remedy = demand_instead(
                    "select by the build that kubelets report",
                    demand,
                    WINDOWS_BUILD,
                    self.builds(demand),
                );
                // Whoever gave the nodes this label tells their revisions apart by it.
                if self.is_declared(OS_BUILD) {
                    remedy.changes.clear();
                }
                finding.remedy(remedy)
            };
        }
        found.push(finding);
    }

    /// Whether a declared host has a label of this name.
    fn is_declared(&self, key: &str) -> bool {
        let mut hosts = self.context.fleet.hosts.iter();
        hosts.any(|member| member.labels.known.contains_key(key))
    }

    fn wildcards(&self, demand: &Demand, found: &mut Vec<Finding>) {
        let ours = self.evidence.is_some()
            || matches!(demand.key.value.as_str(), OS_BUILD | WINDOWS_BUILD);
        let has_wildcard = |value: &&Located<String>| value.value.contains('*');
        // Beside values that nodes have, or where it is to be avoided, it keeps the pod from no node.
        let only =
            demand.operator == Operator::In && demand.values.iter().all(|one| has_wildcard(&one));
        let severity = if only {
            Severity::Error
        } else {
            Severity::Warning
        };
        for value in demand.values.iter().filter(has_wildcard) {
            if !ours {
                continue;
            }
            let finding = Finding::new(
                "wildcard-label-value",
                severity,
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
                "newer API servers refuse such a value in an affinity; older ones take it, and the scheduler \
                 finds no node by it"
            });
            let of_build = matches!(demand.key.value.as_str(), OS_BUILD | WINDOWS_BUILD);
            found.push(if of_build && self.build_value(&value.value).is_some() {
                finding.remedy(demand_instead(
                    "select the build, which leaves the revision open",
                    demand,
                    WINDOWS_BUILD,
                    self.builds(demand),
                ))
            } else {
                finding
            });
        }
    }

    fn windows_build(&self, demand: &Demand, found: &mut Vec<Finding>) {
        if matches!(demand.operator, Operator::Gt | Operator::Lt) {
            self.compared_build(demand, found);
            return;
        }
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
            let right = right.map(|right| Right {
                value: right,
                key: WINDOWS_BUILD,
                values: self.builds(demand),
            });
            found.push(self.wrong_value("windows-build-value", demand, value, message, right));
        }
    }

    /// `Gt` and `Lt` read the label as a whole number, and `10.0.20348` is none.
    fn compared_build(&self, demand: &Demand, found: &mut Vec<Finding>) {
        let Some(value) = demand.values.first() else {
            return;
        };
        let name = demand.operator.name();
        let finding = Finding::new(
            "windows-build-value",
            Severity::Error,
            self.subject(),
            value.origin.clone(),
            format!(
                "no node satisfies {name} here: it compares whole numbers, and kubelets write {WINDOWS_BUILD} as \
                 10.0.20348"
            ),
        )
        .label(format!("{name} matches no node"));
        let catalog = self.context.catalog;
        let Some(bound) = build_of(catalog, &value.value).map(|version| version.build) else {
            found.push(finding);
            return;
        };
        let mut builds: Vec<u16> = catalog
            .releases
            .iter()
            .filter(|release| release.kind == Kind::Server)
            .map(|release| release.build)
            .filter(|build| match demand.operator {
                Operator::Gt => *build > bound,
                _ => *build < bound,
            })
            .collect();
        builds.sort_unstable();
        builds.dedup();
        if builds.is_empty() {
            found.push(finding);
            return;
        }
        let values: Vec<String> = builds
            .into_iter()
            .map(|build| format!("{:?}", OsVersion::of_build(build).to_string()))
            .collect();
        found.push(finding.remedy(paste(
            "name the builds, as far as your nodes have them",
            Safety::Unsafe,
            format!(
                "- key: {WINDOWS_BUILD}\n  operator: In\n  values: [{}]",
                values.join(", ")
            ),
        )));
    }

    /// Whether a label is demanded in the same place as another one.
    fn is_beside(&self, demand: &Demand, key: &str) -> bool {
        let mut demands = self.object.demands.iter();
        demands.any(|other| other.term == demand.term && other.key.value == key)
    }

    /// What kubelets write for the Windows that a value means.
    fn build_value(&self, text: &str) -> Option<String> {
        let text = text.replace('*', "");
        let version = build_of(self.context.catalog, text.trim_end_matches('.'))?;
        Some(version.without_revision().to_string())
    }

    /// The values of a demand on the build, each as kubelets write it.
    fn builds(&self, demand: &Demand) -> Vec<String> {
        let values = demand.values.iter();
        values
            .map(|value| {
                self.build_value(&value.value)
                    .unwrap_or_else(|| value.value.clone())
            })
            .collect()
    }

    /// Demands of a nodeSelector by the labels and values that nodes have, each label once.
    pub(super) fn as_nodes_have_it<'d>(
        &self,
        demands: &'d [Demand],
    ) -> Vec<(&'d Demand, &'d str, Vec<String>)> {
        let mut found: Vec<(&Demand, &str, Vec<String>)> = Vec::new();
        for demand in demands {
            let (key, values) = match demand.key.value.as_str() {
                OS_BUILD | WINDOWS_BUILD => (WINDOWS_BUILD, self.builds(demand)),
                key => {
                    let new = match key {
                        BETA_OS | BETA_ARCH => key.trim_start_matches("beta."),
                        key => key,
                    };
                    let values = demand.values.iter().map(|value| value.value.clone());
                    (new, values.collect())
                }
            };
            if !found.iter().any(|(_, known, _)| *known == key) {
                found.push((demand, key, values));
            }
        }
        found
    }

    /// A value that no node has.
    fn wrong_value(
        &self,
        rule: &'static str,
        demand: &Demand,
        value: &Located<String>,
        message: String,
        right: Option<Right<'_>>,
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
            Some(right) => {
                finding
                    .label(format!("write {:?}", right.value))
                    .remedy(demand_instead(
                        "write the value that nodes have",
                        demand,
                        right.key,
                        right.values,
                    ))
            }
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
            // What is deprecated is not put right under its old name.
            let key = match demand.key.value.as_str() {
                BETA_OS if !self.is_beside(demand, OS) => OS,
                key => key,
            };
            let right = Right::instead(demand, key, value, "windows");
            found.push(self.wrong_value("os-label-value", demand, value, message, Some(right)));
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
            let right = right.map(|right| Right::instead(demand, AKS_OS_SKU, value, right));
            found.push(self.wrong_value("os-label-value", demand, value, message, right));
        }
    }

    fn retired(&self, value: &Located<String>, found: &mut Vec<Finding>) {
        let Some((_, build, (year, month, day))) =
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
        let catalog = self.context.catalog;
        let name = windows_name(catalog, *build, Kind::Server);
        let next = windows_name(catalog, AKS_NEWEST, Kind::Server);
        let host = Host::windows(OsVersion::of_build(AKS_NEWEST)).with_kind(Kind::Server);
        let image = Image::windows(OsVersion::of_build(*build));
        let note = if judge(catalog, &host, &image).answers.process.answer.runs() {
            format!(
                "{next} ({AKS_NEWEST}) runs images of {name} ({build}) too: the pods can move to it before their \
                 images are rebuilt"
            )
        } else {
            format!(
                "{next} ({AKS_NEWEST}) runs no images of {name} ({build}) without Hyper-V, which AKS does not \
                 offer: rebuild the images before the pods move"
            )
        };
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
            .note(note),
        );
    }
}

/// What a value should be.
struct Right<'k> {
    /// The value itself.
    value: String,
    /// The label of the demand with it.
    key: &'k str,
    /// All values of that demand.
    values: Vec<String>,
}

impl<'k> Right<'k> {
    /// With this value in place of another one, and the demand's other values as they are.
    fn instead(demand: &Demand, key: &'k str, wrong: &Located<String>, right: &str) -> Self {
        let values = demand.values.iter().map(|value| {
            if value.value == wrong.value {
                right.to_owned()
            } else {
                value.value.clone()
            }
        });
        Self {
            value: right.to_owned(),
            key,
            values: values.collect(),
        }
    }
}

/// The finding about a label under two names: the old one can go, where it stands by itself.
fn doubled(finding: Finding, demand: &Demand, stays: &str) -> Finding {
    let key = &demand.key.value;
    let finding = finding.note(format!("{stays} is demanded here too: take {key} away"));
    if demand.term.is_some() {
        return finding;
    }
    finding.remedy(Remedy {
        commands: Vec::new(),
        changes: vec![Change::Remove {
            at: demand.key.origin.clone(),
        }],
        ..paste(format!("take {key} away"), Safety::Unsafe, "")
    })
}

/// A demand on another label, or on other values, in the place of this one.
pub(super) fn demand_instead(
    title: &str,
    demand: &Demand,
    key: &str,
    values: Vec<String>,
) -> Remedy {
    Remedy {
        changes: vec![Change::Demand {
            at: demand.key.origin.clone(),
            key: key.to_owned(),
            values: values.clone(),
        }],
        ..paste(title, Safety::Unsafe, replacement(demand, key, values))
    }
}

/// A demand with another label and other values, as it stands in its place.
pub(super) fn replacement(
    demand: &Demand,
    key: &str,
    values: impl IntoIterator<Item = String>,
) -> String {
    let mut written: Vec<String> = Vec::new();
    for value in values {
        // Kubernetes takes text only: what YAML reads as a number needs quotes.
        let plain = value.parse::<f64>().is_err()
            && !value.starts_with("10.")
            && value.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !["true", "false", "null", "yes", "no", "on", "off"]
                .contains(&value.to_lowercase().as_str())
            && value
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
        let value = if plain { value } else { format!("{value:?}") };
        if !written.contains(&value) {
            written.push(value);
        }
    }
    match demand.term {
        None => format!("{key}: {}", written.first().map_or("", String::as_str)),
        Some(_) if written.is_empty() => {
            format!("- key: {key}\n  operator: {}", demand.operator.name())
        }
        Some(_) => format!(
            "- key: {key}\n  operator: {}\n  values: [{}]",
            demand.operator.name(),
            written.join(", ")
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
