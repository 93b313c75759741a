//! What stands under the pointer: an image with its verdicts, a demand with the hosts that it admits, a
//! host as winfit understood it. The core judges; here it is only said.

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};
use time::Date;
use winfit_core::Catalog;
use winfit_core::audit::AuditOptions;
use winfit_core::audit::currency::{host_support, image_support};
use winfit_core::audit::standing::{Standing, of_container, of_image};
use winfit_core::finding::Origin;
use winfit_core::fleet::{ImageUse, Member, Orchestrator, State};
use winfit_core::host::{Host, HypervOffer, Kind, Os};
use winfit_core::placement::{Admission, Placement, PodPlacement};
use winfit_core::reason::windows_name;
use winfit_files::fleet::image_of_stage;
use winfit_files::repository::{Facts, ReadFile};

use super::places::Places;
use super::settings::Client;
use crate::findings::clean;
use crate::findings::markdown::{code, escaped};

/// How many hosts are named before the rest is counted.
const MOST_HOSTS: usize = 20;

/// However far away it is.
const EVER: i64 = i64::MAX;

/// What is said: a title, sentences, and a line for each host.
struct Page {
    /// What stands there, as code.
    title: String,
    sentences: Vec<String>,
    items: Vec<String>,
}

/// What there is to say of a byte of a file.
pub(super) fn hover(
    catalog: &'static Catalog,
    places: &Places<'_>,
    client: Client,
    file: &ReadFile,
    at: usize,
    today: Date,
) -> Option<Hover> {
    let here = Here {
        catalog,
        places,
        file,
        at,
        today,
    };
    let (page, origin) = here
        .of_stage()
        .or_else(|| here.of_container())
        .or_else(|| here.of_demand())
        .or_else(|| here.of_host())?;
    let range = places.location(&origin).map(|location| location.range);
    Some(Hover {
        contents: HoverContents::Markup(page.content(client.markdown)),
        range,
    })
}

struct Here<'a, 'p> {
    catalog: &'static Catalog,
    places: &'a Places<'p>,
    file: &'a ReadFile,
    at: usize,
    today: Date,
}

impl Here<'_, '_> {
    /// Whether an origin stands here.
    fn is_at(&self, origin: &Origin) -> bool {
        let touches = |span: winfit_core::finding::Span| (span.start..=span.end).contains(&self.at);
        *origin.source == *self.file.source.name && origin.span.is_some_and(touches)
    }

    /// The image beneath a stage: over `FROM`'s reference, and over the `ARG` that decides it.
    fn of_stage(&self) -> Option<(Page, Origin)> {
        let Facts::Dockerfile(dockerfile) = &self.file.facts else {
            return None;
        };
        let mut stages = dockerfile.stages.iter().enumerate();
        let (at, origin) = stages.find_map(|(at, stage)| {
            let places = [&stage.base.origin, &stage.stated_at];
            let origin = places.into_iter().find(|origin| self.is_at(origin))?;
            Some((at, origin.clone()))
        })?;
        let lint = &self.places.judged.lint;
        let config = &self.places.judged.repository.config;
        let used = image_of_stage(self.catalog, config, dockerfile.base_of(at)?)?;
        let standing = of_image(self.catalog, &lint.fleet, &used);
        Some((self.image(&used, standing.as_deref()), origin))
    }

    /// The image of a container or a service.
    fn of_container(&self) -> Option<(Page, Origin)> {
        let lint = &self.places.judged.lint;
        let mut containers = lint.fleet.workloads.iter().flat_map(|workload| {
            let numbered = workload.containers.iter().enumerate();
            numbered.map(move |(at, container)| (workload, at, container))
        });
        let (workload, at, container) =
            containers.find(|(.., container)| self.is_at(&container.image.origin))?;
        let options = AuditOptions {
            today: self.today,
            eol_within: EVER,
        };
        let standing = of_container(self.catalog, &lint.fleet, &options, workload, at);
        let page = self.image(&container.image, standing.as_deref());
        Some((page, container.image.origin.clone()))
    }

    fn image(&self, used: &ImageUse, standing: Option<&[Standing<'_>]>) -> Page {
        let mut sentences = Vec::new();
        match (used.decisive(), &used.image) {
            (Some((named, origin)), _) => {
                if origin != &used.origin {
                    let place = origin
                        .line()
                        .map_or_else(String::new, |line| format!(":{line}"));
                    sentences.push(format!(
                        "built by {}{place} on {}",
                        origin.source, named.text
                    ));
                }
                sentences.push(match (named.image.os, named.image.version) {
                    (Os::Linux, _) => "Linux".to_owned(),
                    (Os::Windows, None) => "nothing says which Windows it is built on".to_owned(),
                    (Os::Windows, Some(version)) => {
                        // Images are servers.
                        let name = windows_name(self.catalog, version.build, Kind::Server);
                        let version = if named.image.revision_inferred {
                            version.without_revision()
                        } else {
                            version
                        };
                        format!("{name}, {version}, {}", named.stated_by.in_words())
                    }
                });
                let support = image_support(self.catalog, named);
                sentences.extend(
                    support
                        .and_then(|support| support.on(self.today, EVER))
                        .map(|end| end.sentence),
                );
                sentences.extend(named.notes.iter().map(|note| note.message.clone()));
            }
            (None, Err(error)) => sentences.push(error.to_string()),
            (None, Ok(_)) => {}
        }
        if !used.unresolved.is_empty() {
            sentences.push(format!("without a value: {}", used.unresolved.join(", ")));
        }
        let items = standing.map(|standing| self.verdicts(standing));
        if items.as_ref().is_some_and(Vec::is_empty) {
            sentences.push("no hosts are declared; winfit.toml names them".to_owned());
        }
        Page {
            title: used.text.clone(),
            sentences,
            items: items.unwrap_or_default(),
        }
    }

    /// A line for each host: the verdict where the workload gets there, else what keeps it off.
    fn verdicts(&self, standing: &[Standing<'_>]) -> Vec<String> {
        counted(standing, |one| {
            let host = self.host_in_words(one.member, &one.host);
            let what = match &one.admission {
                Admission::No { because, .. } => format!("kept off by {because}"),
                Admission::Yes | Admission::Unknown { .. } => {
                    let answers = &one.verdict.answers;
                    let mut words = format!(
                        "process {}, hyperv {}",
                        answers.process.answer.name(),
                        answers.hyperv.answer.name()
                    );
                    if let Some(pull) = &one.verdict.pull {
                        words.push_str(&format!(", pull {}", pull.answer.name()));
                    }
                    if let Admission::Unknown { missing, .. } = &one.admission {
                        words.push_str(&format!("; it does not state {missing}"));
                    }
                    words
                }
            };
            let state = match one.member.state {
                State::Ready => String::new(),
                state => format!(" ({})", state.in_words()),
            };
            format!("{host}: {what}{state}")
        })
    }

    /// `win-a (Windows Server 2019, 17763)`.
    fn host_in_words(&self, member: &Member, host: &Host) -> String {
        format!("{} ({})", member.name, self.windows(host))
    }

    /// `Windows Server 2019, 17763`.
    fn windows(&self, host: &Host) -> String {
        match (host.os, host.version) {
            (Os::Linux, _) => "Linux".to_owned(),
            (Os::Windows, None) => "a Windows of unknown version".to_owned(),
            (Os::Windows, Some(version)) => {
                let kind = host.effective_kind(self.catalog);
                let name = windows_name(self.catalog, version.build, kind);
                format!("{name}, {}", version.short())
            }
        }
    }

    /// A demand on hosts, alone: what it admits.
    fn of_demand(&self) -> Option<(Page, Origin)> {
        let fleet = &self.places.judged.lint.fleet;
        let of_workloads = fleet
            .workloads
            .iter()
            .filter(|workload| *workload.origin.source == *self.file.source.name)
            .find_map(|workload| Some((self.demand(&workload.placement)?, workload.orchestrator)));
        let of_classes = || {
            fleet.runtime_classes.iter().find_map(|class| {
                let placement = Placement::Pod(Box::new(PodPlacement {
                    node_selector: class.node_selector.clone(),
                    ..PodPlacement::default()
                }));
                Some((self.demand(&placement)?, Orchestrator::Kubernetes))
            })
        };
        let ((words, alone, origin), orchestrator) = of_workloads.or_else(of_classes)?;
        let hosts: Vec<&Member> = fleet
            .hosts
            .iter()
            .filter(|member| member.orchestrator.is_none_or(|own| own == orchestrator))
            .collect();
        let items = counted(&hosts, |member| {
            let what = match alone.admits(self.catalog, member) {
                Admission::Yes => "admitted".to_owned(),
                Admission::No { .. } => "kept off".to_owned(),
                Admission::Unknown { missing, .. } => format!("does not state {missing}"),
            };
            format!("{}: {what}", self.host_in_words(member, &member.host))
        });
        let sentences = if items.is_empty() {
            vec!["no hosts are declared; winfit.toml names them".to_owned()]
        } else {
            Vec::new()
        };
        let page = Page {
            title: words,
            sentences,
            items,
        };
        Some((page, origin))
    }

    /// The demand of a placement that stands here: in words, alone, and where.
    fn demand(&self, placement: &Placement) -> Option<(String, Placement, Origin)> {
        let origin = std::cell::OnceCell::new();
        let (words, alone) = placement.demand_at(|stands| {
            let is_at = self.is_at(stands);
            if is_at {
                // The first that stands here is the one.
                let _ = origin.set(stands.clone());
            }
            is_at
        })?;
        Some((words, alone, origin.into_inner()?))
    }

    /// A host of `winfit.toml`, or a Node.
    fn of_host(&self) -> Option<(Page, Origin)> {
        let hosts = &self.places.judged.repository.config.hosts;
        let declared = hosts.iter().chain(&self.places.judged.lint.fleet.hosts);
        let (member, origin) = declared.into_iter().find_map(|member| {
            let origin = member.origin.as_ref()?;
            self.is_at(origin).then_some((member, origin))
        })?;
        let host = &member.host;
        let mut sentences = vec![self.windows(host)];
        if host.os == Os::Windows {
            sentences.push(match host.effective_kind(self.catalog) {
                Kind::Server => "a server".to_owned(),
                Kind::Client => "a client".to_owned(),
                Kind::Unknown => "a server or a client: not stated".to_owned(),
            });
            let hyperv = match host.hyperv_offer(self.catalog) {
                HypervOffer::Yes => "Hyper-V isolation where it is asked for",
                HypervOffer::No => "no Hyper-V isolation",
                HypervOffer::NotStated => "whether it offers Hyper-V isolation is not stated",
            };
            let default = host.default_isolation(self.catalog).name();
            sentences.push(format!("containers get {default} isolation; {hyperv}"));
        }
        sentences.extend(host.arch.map(|arch| arch.name().to_owned()));
        sentences.extend(
            host.engine
                .map(|engine| format!("engine: {}", engine.in_words())),
        );
        sentences.extend(
            member
                .orchestrator
                .map(|orchestrator| format!("orchestrator: {}", orchestrator.name())),
        );
        if member.state != State::Ready {
            sentences.push(format!("{}: takes no new work", member.state.in_words()));
        }
        sentences.extend(
            host_support(self.catalog, host)
                .and_then(|support| support.on(self.today, EVER))
                .map(|end| end.sentence),
        );
        let labels = member.labels.known.iter();
        let page = Page {
            title: member.name.clone(),
            sentences,
            items: counted(&labels.collect::<Vec<_>>(), |(key, value)| {
                format!("label {key}={value}")
            }),
        };
        Some((page, origin.clone()))
    }
}

/// The first of a list in words, the rest counted.
fn counted<T>(all: &[T], in_words: impl Fn(&T) -> String) -> Vec<String> {
    let mut items: Vec<String> = all.iter().take(MOST_HOSTS).map(in_words).collect();
    if all.len() > MOST_HOSTS {
        items.push(format!("and {} more", all.len() - MOST_HOSTS));
    }
    items
}

impl Page {
    fn content(&self, markdown: bool) -> MarkupContent {
        let title = clean(&self.title);
        let (kind, mut text, safe): (_, _, fn(&str) -> String) = if markdown {
            (MarkupKind::Markdown, code(&title), escaped)
        } else {
            (MarkupKind::PlainText, title, clean)
        };
        // In Markdown, lines of one paragraph run together.
        let gap = if markdown { "\n\n" } else { "\n" };
        for sentence in &self.sentences {
            text.push_str(gap);
            text.push_str(&safe(sentence));
        }
        for (at, item) in self.items.iter().enumerate() {
            text.push_str(if at == 0 { gap } else { "\n" });
            text.push_str("- ");
            text.push_str(&safe(item));
        }
        MarkupContent { kind, value: text }
    }
}
