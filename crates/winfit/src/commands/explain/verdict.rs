//! From a diagnosis to the full verdict, where both versions are known.

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::host::{Host, Os, ReadHost};
use winfit_core::image::NamedImage;
use winfit_core::remedy::{Situation, remedies};
use winfit_core::verdict::{Verdict, judge};
use winfit_core::version::OsVersion;
use winfit_explain::{Diagnosis, DiagnosisKind, Severity, SubjectKind};

use super::super::check::Judged;
use super::super::notes::{Calendar, notes};
use crate::cli::ExplainArguments;
use crate::input;
use crate::output::usage;
use crate::settling::Answers;

/// What the user gives beside the text.
pub(super) struct Given {
    hosts: Vec<ReadHost>,
    image: Option<NamedImage>,
    /// A version, and the reference it belongs to; none: any image.
    version: Option<(Option<String>, OsVersion)>,
    /// What registries say, once they were asked.
    pub(super) answers: Answers,
    calendar: Calendar,
}

/// What a full verdict still needs.
pub(super) struct Missing {
    pub(super) host: bool,
    pub(super) image: bool,
    /// The node has none of the names that the given hosts have.
    pub(super) not_among: Option<String>,
}

/// A host and an image for one diagnosis, and the verdict.
pub(super) struct Settled {
    host: ReadHost,
    image: NamedImage,
    verdict: Verdict,
    pod: bool,
    calendar: Calendar,
}

impl Given {
    pub(super) fn read(catalog: &Catalog, arguments: &ExplainArguments) -> Result<Self> {
        let hosts = match &arguments.host {
            Some(host) => input::hosts(catalog, std::slice::from_ref(host), &arguments.facts)?.0,
            None => Vec::new(),
        };
        let image = match &arguments.image {
            Some(text) => Some(
                NamedImage::read(catalog, text)
                    .map_err(|error| usage(format!("--image: {error}")))?,
            ),
            None => None,
        };
        let version = match &arguments.image_version {
            None => None,
            Some(text) => {
                let (reference, version) = match text.rsplit_once('=') {
                    Some((reference, version)) => (Some(reference.to_owned()), version),
                    None => (None, text.as_str()),
                };
                let version = version
                    .parse()
                    .map_err(|error| usage(format!("--image-version {text}: {error}")))?;
                Some((reference, version))
            }
        };
        Ok(Self {
            hosts,
            image,
            version,
            answers: Answers::default(),
            calendar: Calendar::new(arguments.as_of, None),
        })
    }

    /// The verdict for a diagnosis, where host and image are given or stated by the text.
    pub(super) fn settle(&self, catalog: &Catalog, diagnosis: &Diagnosis) -> Option<Settled> {
        let host = self.host_of(diagnosis)?;
        let image = self
            .image_of(catalog, diagnosis)?
            .for_host(catalog, &host.host);
        // Of an image for Linux the diagnosis says all.
        image.image.version?;
        let verdict = judge(catalog, &host.host, &image.image);
        Some(Settled {
            host,
            image,
            verdict,
            pod: diagnosis.subject.kind == Some(SubjectKind::Pod),
            calendar: self.calendar,
        })
    }

    /// Whether a host is given, and all that are given are Windows.
    pub(super) fn is_windows(&self) -> bool {
        !self.hosts.is_empty() && self.hosts.iter().all(|host| host.host.os == Os::Windows)
    }

    /// What of the two versions is not known for a diagnosis.
    pub(super) fn missing(&self, catalog: &Catalog, diagnosis: &Diagnosis) -> Missing {
        let names: Vec<&str> = self
            .hosts
            .iter()
            .filter_map(|host| host.name.as_deref())
            .collect();
        let host = self.host_of(diagnosis).is_none();
        Missing {
            host,
            image: self
                .image_of(catalog, diagnosis)
                .is_none_or(|image| image.image.version.is_none() && image.variants.is_none()),
            not_among: diagnosis
                .subject
                .node
                .as_ref()
                .filter(|_| host && !self.hosts.is_empty())
                .map(|node| format!("{node} is not among the hosts given: {}", names.join(", "))),
        }
    }

    /// Of several hosts, the one that has the node's name.
    fn host_of(&self, diagnosis: &Diagnosis) -> Option<ReadHost> {
        if let Some(node) = &diagnosis.subject.node {
            let named = self
                .hosts
                .iter()
                .find(|host| host.name.as_deref() == Some(node));
            if let Some(host) = named {
                return Some(host.clone());
            }
        }
        match self.hosts.as_slice() {
            [only] => Some(only.clone()),
            [] => {
                let version = diagnosis.host_version?;
                Some(ReadHost {
                    host: Host::windows(version),
                    name: None,
                    text: version.to_string(),
                    line: 1,
                    kb: Vec::new(),
                    inferred: Vec::new(),
                    alternatives: Vec::new(),
                })
            }
            _ => None,
        }
    }

    fn image_of(&self, catalog: &Catalog, diagnosis: &Diagnosis) -> Option<NamedImage> {
        let mut image = match (&self.image, &diagnosis.image) {
            (Some(image), _) => image.clone(),
            // An image that is refused as such (`latest` of a base image) still failed at its version.
            (None, Some(text)) => NamedImage::read(catalog, text).ok().or_else(|| {
                let version = diagnosis.image_version?;
                NamedImage::read(catalog, &version.to_string()).ok()
            })?,
            (None, None) => {
                let version = self
                    .version
                    .as_ref()
                    .map(|(_, version)| *version)
                    .or(diagnosis.image_version)?;
                NamedImage::read(catalog, &version.to_string()).ok()?
            }
        };
        match &self.version {
            Some((None, version)) => image.give_version(*version),
            Some((Some(reference), version)) if *reference == image.text || reference == "…" => {
                image.give_version(*version);
            }
            _ => {
                self.answers.settle(&mut image);
                if let Some(version) = diagnosis.image_version
                    && image.variants.is_none()
                {
                    image.give_version(version);
                }
            }
        }
        Some(image)
    }
}

impl Settled {
    /// Where the verdict and the text do not go together.
    pub(super) fn doubts(&self, diagnosis: &Diagnosis, fits: bool) -> Vec<String> {
        let mut doubts = Vec::new();
        if let (Some(said), Some(judged)) = (diagnosis.host_version, self.host.host.version)
            && said.build != judged.build
        {
            doubts.push(format!(
                "The text speaks of a host with {said}, and was judged for {judged} as --host says."
            ));
        }
        let failed =
            diagnosis.severity == Severity::Error && diagnosis.kind != DiagnosisKind::OtherHcs;
        if fits && failed {
            let image = diagnosis.image.as_deref().unwrap_or("IMAGE");
            doubts.push(format!(
                "By these versions it should run, and the text says that it did not: one of them is not what the name says. `docker manifest inspect {image}` and `docker image inspect --format \"{{{{.OsVersion}}}}\" {image}` show the image's own."
            ));
        }
        doubts
    }

    /// As `check` would show it.
    pub(super) fn judged(&self, catalog: &Catalog) -> Judged<'_> {
        Judged {
            host: &self.host,
            image: &self.image,
            verdict: self.verdict,
            remedies: remedies(&Situation {
                catalog,
                image: &self.image,
                host: &self.host.host,
                verdict: &self.verdict,
                asked: None,
                fleet: &[],
                today: self.calendar.today,
                pod: self.pod,
            }),
            notes: notes(catalog, &self.host.host, &self.image, &self.calendar),
            asked: None,
        }
    }
}
