//! From facts of files to the fleet that the core audits.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::engine::Product;
use winfit_core::finding::{Located, Origin, Subject};
use winfit_core::fleet::{
    Build, BuildBase, Container, Fleet, ImageUse, Labels, Member, Needed, Orchestrator, State,
    Workload,
};
use winfit_core::host::{Isolation, NodeFacts, Os};
use winfit_core::image::{NamedImage, StatedBy};
use winfit_core::placement::kubernetes::RuntimeClass;
use winfit_core::placement::{Placement, SwarmPlacement};
use winfit_core::reference::Reference;

use crate::compose::Service;
use crate::config::Config;
use crate::dockerfile::{self, Dockerfile, Stage};
use crate::kubernetes::{Content, NodeObject, Object, PodTemplate};
use crate::repository::{Facts, ReadFile, Repository, by_name, tidy};
use crate::rules;
use crate::shares::in_shares;
use crate::source::Source;

/// Builds the fleet. With `given` hosts, they alone count.
pub fn fleet(catalog: &Catalog, repository: &Repository, given: &[Member]) -> Fleet {
    let mut building = Building {
        catalog,
        config: &repository.config,
        dockerfiles: dockerfiles(repository),
        built: HashMap::new(),
        swarm_alone: false,
    };
    let hosts = building.hosts(repository, given);
    building.swarm_alone = all_in_swarm(&hosts);
    building.what_is_built(repository);
    let mut fleet = Fleet {
        hosts,
        ..Fleet::default()
    };
    let mut used: HashSet<PathBuf> = HashSet::new();
    for mut found in in_shares(&repository.files, |files| building.share(files)) {
        fleet.workloads.append(&mut found.workloads);
        fleet.runtime_classes.append(&mut found.runtime_classes);
        fleet.builds.append(&mut found.builds);
        used.extend(found.used);
    }
    for build in &mut fleet.builds {
        build.used = used.contains(&tidy(Path::new(&build.subject.name)));
    }
    fleet
}

/// The images that builds need: those of Compose services with their arguments and target, and those of
/// the other Dockerfiles with the default values of theirs.
pub fn build_bases(catalog: &Catalog, repository: &Repository) -> Vec<BuildBase> {
    let building = Building {
        catalog,
        config: &repository.config,
        dockerfiles: dockerfiles(repository),
        built: HashMap::new(),
        swarm_alone: false,
    };
    let mut by_compose: HashSet<PathBuf> = HashSet::new();
    let mut found = Vec::new();
    for file in &repository.files {
        if let Facts::Compose(compose) = &file.facts {
            for service in &compose.services {
                found.extend(building.bases_of_service(service, &mut by_compose));
            }
        }
    }
    for file in repository.files.iter().filter(|file| !file.beside) {
        let name = &file.source.name;
        if let Facts::Dockerfile(dockerfile) = &file.facts
            && !by_compose.contains(&tidy(Path::new(&**name)))
        {
            found.extend(building.bases(name, &dockerfile.stages));
        }
    }
    found
}

/// What some of the files add to the fleet.
#[derive(Default)]
struct Share {
    workloads: Vec<Workload>,
    runtime_classes: Vec<RuntimeClass>,
    builds: Vec<Build>,
    /// Dockerfiles that a workload of these uses.
    used: Vec<PathBuf>,
}

/// Where all hosts that run Compose services are a Swarm's, a service without `deploy` is one too.
fn all_in_swarm(hosts: &[Member]) -> bool {
    let mut hosts = hosts
        .iter()
        .filter(|host| host.orchestrator != Some(Orchestrator::Kubernetes))
        .peekable();
    hosts.peek().is_some() && hosts.all(|host| host.orchestrator == Some(Orchestrator::Swarm))
}

/// A Dockerfile with its text, by its path without `.` and `..`.
type Dockerfiles<'a> = HashMap<PathBuf, (&'a ReadFile, &'a Dockerfile)>;

fn dockerfiles(repository: &Repository) -> Dockerfiles<'_> {
    repository
        .files
        .iter()
        .filter_map(|file| match &file.facts {
            Facts::Dockerfile(dockerfile) => {
                Some((tidy(Path::new(&*file.source.name)), (file, dockerfile)))
            }
            _ => None,
        })
        .collect()
}

struct Building<'a> {
    catalog: &'a Catalog,
    config: &'a Config,
    dockerfiles: Dockerfiles<'a>,
    /// What the repository builds, by reference and by repository without tag.
    built: HashMap<String, Built>,
    /// See [`all_in_swarm`].
    swarm_alone: bool,
}

/// The base of an image that the repository builds, and its build file where that is one of its own.
#[derive(Clone)]
struct Built {
    base: ImageUse,
    dockerfile: Option<PathBuf>,
}

/// An isolation in Compose's words; none: the default.
fn isolation_of(word: &str) -> Option<Isolation> {
    match word.to_ascii_lowercase().as_str() {
        "process" => Some(Isolation::Process),
        "hyperv" => Some(Isolation::Hyperv),
        _ => None,
    }
}

/// A reference without its tag and digest.
fn without_tag(text: &str) -> Option<String> {
    let reference = Reference::parse(text).ok()?;
    let bare = Reference {
        tag: None,
        digest: None,
        ..reference
    };
    Some(bare.to_string())
}

/// The image beneath a stage, with what `winfit.toml` tells of it; none for `scratch` and for stages
/// that go on from stages.
pub fn image_of_stage(catalog: &Catalog, config: &Config, stage: &Stage) -> Option<ImageUse> {
    let image = rules::dockerfile::image_use(catalog, stage)?;
    Some(completed(catalog, config, image))
}

/// Adds what `winfit.toml` tells of an image that its reference does not tell.
pub(crate) fn completed(catalog: &Catalog, config: &Config, mut used: ImageUse) -> ImageUse {
    // What is told of one tag goes before what is told of the whole repository.
    let images = &config.images;
    let told = images
        .iter()
        .find(|image| image.reference == used.text)
        .or_else(|| {
            let bare = without_tag(&used.text)?;
            images.iter().find(|image| image.reference == bare)
        });
    let mirrored = config.mirrors.iter().find_map(|mirror| {
        let rest = used.text.strip_prefix(&mirror.prefix)?;
        let original = format!("{}{rest}", mirror.of);
        rest.starts_with('/')
            .then(|| NamedImage::read_reference(catalog, &original).ok())
            .flatten()
    });
    if let Some(told) = told {
        used.os = told.os.or(told.os_version.map(|_| Os::Windows));
    }
    let Ok(image) = &mut used.image else {
        return used;
    };
    if let Some(original) = mirrored
        && original.image.version.is_some()
    {
        image.image = original.image;
        image.base = original.base;
        image.is_base = original.is_base;
        image.kb = original.kb;
        image.stated_by = StatedBy::Tag;
    }
    if let Some(told) = told {
        if let Some(version) = told.os_version {
            image.give_version(version);
        }
        if let Some(os) = told.os {
            image.image.os = os;
            if os == Os::Linux {
                image.image.version = None;
            }
        }
    }
    used
}

impl Building<'_> {
    fn hosts(&self, repository: &Repository, given: &[Member]) -> Vec<Member> {
        if !given.is_empty() {
            return given.to_vec();
        }
        let mut hosts = self.config.hosts.clone();
        if let Some(isolation) = self.daemon_isolation(repository) {
            for member in &mut hosts {
                let host = &mut member.host;
                let reads_it = host
                    .engine
                    .is_none_or(|engine| engine.product == Product::Docker)
                    && host.os == Os::Windows;
                if reads_it {
                    host.configured_isolation = host.configured_isolation.or(Some(isolation));
                }
            }
        }
        for file in &repository.files {
            let Facts::Kubernetes(manifests) = &file.facts else {
                continue;
            };
            for object in &manifests.objects {
                if let Content::Node(node) = &object.content {
                    hosts.extend(self.node(object, node));
                }
            }
        }
        hosts
    }

    /// The default isolation of the hosts' engines, where `winfit.toml` says which file tells it.
    fn daemon_isolation(&self, repository: &Repository) -> Option<Isolation> {
        let path = by_name(&self.config.daemon_json.as_ref()?.path);
        let mut files = repository.files.iter();
        files.find_map(|file| match &file.facts {
            Facts::Daemon(daemon) if tidy(Path::new(&*file.source.name)) == path => {
                daemon.isolation()
            }
            _ => None,
        })
    }

    /// What these files add to the fleet.
    fn share(&self, files: &[ReadFile]) -> Share {
        let mut share = Share::default();
        for file in files {
            match &file.facts {
                Facts::Kubernetes(manifests) => {
                    for object in &manifests.objects {
                        self.object(object, &mut share);
                    }
                }
                Facts::Compose(compose) => {
                    for service in &compose.services {
                        self.service(service, &mut share);
                    }
                }
                Facts::Dockerfile(dockerfile) if !file.beside => {
                    share
                        .builds
                        .extend(self.final_base(dockerfile, None).map(|base| Build {
                            subject: Subject::new("Dockerfile", &file.source.name),
                            base,
                            used: false,
                        }));
                }
                _ => {}
            }
        }
        share
    }

    /// A Node that a file holds; without a version it says nothing about hosts.
    fn node(&self, object: &Object, node: &NodeObject) -> Option<Member> {
        let name = &object.name.as_ref()?.value;
        let labels = node.labels.iter().cloned().collect();
        let text = |fact: &Option<String>| fact.clone().unwrap_or_default();
        let kernel = node.kernel_version.as_ref();
        let facts = NodeFacts {
            labels: &labels,
            kernel_version: kernel.map_or("", |kernel| kernel.value.as_str()),
            os_image: "",
            operating_system: &text(&node.operating_system),
            architecture: &text(&node.architecture),
            runtime_version: &text(&node.runtime_version),
        };
        let (host, _) = facts.host(self.catalog);
        if host.os == Os::Windows && host.version.is_none() {
            return None;
        }
        let mut member = Member::new(name, host, &format!("Node in {}", object.origin.source));
        member.orchestrator = Some(Orchestrator::Kubernetes);
        member.labels = Labels {
            known: labels,
            complete: true,
        };
        member.taints = Some(node.taints.clone());
        member.state = if node.unschedulable {
            State::Cordoned
        } else if node.not_ready {
            State::Down
        } else {
            State::Ready
        };
        member.origin = Some(object.origin.clone());
        Some(member)
    }

    /// What the repository builds: images that Compose builds and names, and what `winfit.toml` says.
    fn what_is_built(&mut self, repository: &Repository) {
        for file in &repository.files {
            let Facts::Compose(compose) = &file.facts else {
                continue;
            };
            for service in &compose.services {
                let (Some(name), Some((base, _))) =
                    (&service.resolved_image, self.built_by(service))
                else {
                    continue;
                };
                let built = Built {
                    base,
                    dockerfile: None,
                };
                self.remember(name, built);
            }
        }
        for image in &self.config.images {
            if let Some(path) = &image.dockerfile
                && let Some((_, dockerfile)) = self.dockerfiles.get(&by_name(path))
                && let Some(base) = self.final_base(dockerfile, None)
            {
                let dockerfile = Some(by_name(path));
                self.remember(&image.reference, Built { base, dockerfile });
            }
        }
    }

    fn remember(&mut self, name: &str, built: Built) {
        if let Some(bare) = without_tag(name) {
            self.built.entry(bare).or_insert_with(|| built.clone());
        }
        self.built.entry(name.to_owned()).or_insert(built);
    }

    /// The base of the Dockerfile that builds a service's image.
    fn built_by(&self, service: &Service) -> Option<(ImageUse, Option<PathBuf>)> {
        let build = service.build.as_ref()?;
        if let Some(inline) = &build.inline {
            let source = crate::source::Source::of_text(&inline.origin.source, &inline.value);
            let (dockerfile, _) = dockerfile::read_with_args(&source, &build.args);
            let mut base = self.final_base(&dockerfile, build.target.as_deref())?;
            // Places inside the block are places of the Compose file's value.
            base.origin = inline.origin.clone();
            return Some((base, None));
        }
        let path = by_name(build.dockerfile.as_deref()?);
        let (file, _) = self.dockerfiles.get(&path)?;
        let (dockerfile, _) = dockerfile::read_with_args(&file.source, &build.args);
        let base = self.final_base(&dockerfile, build.target.as_deref())?;
        Some((base, Some(path)))
    }

    /// The images that the build of a service needs; its Dockerfile is noted.
    fn bases_of_service(
        &self,
        service: &Service,
        by_compose: &mut HashSet<PathBuf>,
    ) -> Vec<BuildBase> {
        let Some(build) = &service.build else {
            return Vec::new();
        };
        // Places inside an inline file are places of the Compose file's value.
        let inline = build.inline.as_ref();
        let (name, dockerfile) = if let Some(inline) = inline {
            let source = Source::of_text(&inline.origin.source, &inline.value);
            let (dockerfile, _) = dockerfile::read_with_args(&source, &build.args);
            (source.name, dockerfile)
        } else {
            let path = build.dockerfile.as_deref().map(tidy).unwrap_or_default();
            let Some((file, _)) = self.dockerfiles.get(&path) else {
                return Vec::new();
            };
            by_compose.insert(path);
            let (dockerfile, _) = dockerfile::read_with_args(&file.source, &build.args);
            (Arc::clone(&file.source.name), dockerfile)
        };
        let target = build.target.as_deref();
        let last = target.and_then(|target| dockerfile.stage_named(target));
        let stages = last.map_or(dockerfile.stages.len(), |last| last + 1);
        let isolation = build.isolation.as_ref();
        let mut found = self.bases(&name, &dockerfile.stages[..stages]);
        for base in &mut found {
            base.subject = Subject::new("service", &service.name.value);
            base.isolation = isolation.and_then(|isolation| isolation_of(&isolation.value));
            if let Some(inline) = inline {
                base.image.origin = inline.origin.clone();
                if let Needed::ToRun(run) = &mut base.needed {
                    *run = inline.origin.clone();
                }
            }
        }
        found
    }

    /// The images that a build of these stages needs.
    fn bases(&self, name: &Arc<str>, stages: &[Stage]) -> Vec<BuildBase> {
        rules::dockerfile::build_bases(self.catalog, name, stages)
            .map(|base| BuildBase {
                image: completed(self.catalog, self.config, base.image),
                ..base
            })
            .collect()
    }

    fn final_base(&self, dockerfile: &Dockerfile, target: Option<&str>) -> Option<ImageUse> {
        let stage = dockerfile::final_base(dockerfile, target)?;
        image_of_stage(self.catalog, self.config, stage)
    }

    /// An image by its text after substitution.
    fn image(
        &self,
        text: &str,
        origin: &Origin,
        unresolved: &[String],
        share: &mut Share,
    ) -> ImageUse {
        let used = ImageUse {
            text: text.to_owned(),
            image: NamedImage::read_reference(self.catalog, text),
            origin: origin.clone(),
            unresolved: unresolved.to_vec(),
            built_from: None,
            os: None,
        };
        let mut used = completed(self.catalog, self.config, used);
        let built = self.built.get(text).or_else(|| {
            let bare = without_tag(text)?;
            self.built.get(&bare)
        });
        if let Some(built) = built {
            share.used.extend(built.dockerfile.clone());
            used.built_from = Some(Box::new(built.base.clone()));
        }
        used
    }

    fn object(&self, object: &Object, share: &mut Share) {
        match &object.content {
            Content::Workload(pod) => {
                let workload = self.pod(object, pod, share);
                share.workloads.push(workload);
            }
            Content::RuntimeClass(class) => share.runtime_classes.push((**class).clone()),
            Content::Node(_) | Content::Other => {}
        }
    }

    fn pod(&self, object: &Object, pod: &PodTemplate, share: &mut Share) -> Workload {
        let containers = pod
            .containers
            .iter()
            .filter_map(|container| {
                let image = container.image.as_ref()?;
                Some(Container {
                    name: container.name.clone(),
                    image: self.image(&image.value, &image.origin, &[], share),
                    host_process: container.host_process,
                })
            })
            .collect();
        Workload {
            subject: rules::kubernetes::subject(object),
            orchestrator: Orchestrator::Kubernetes,
            containers,
            placement: Placement::Pod(Box::new(pod.placement.clone())),
            isolation: None,
            os: pod.os_name.as_ref().and_then(|os| match os.value.as_str() {
                "windows" => Some(Os::Windows),
                "linux" => Some(Os::Linux),
                _ => None,
            }),
            everywhere: object.kind.value == "DaemonSet",
            wanted: pod.replicas,
            running: None,
            origin: object.origin.clone(),
        }
    }

    fn service(&self, service: &Service, share: &mut Share) {
        let (base, dockerfile) = self.built_by(service).unzip();
        share.used.extend(dockerfile.flatten());
        let image = match (&service.image, &base) {
            (Some(image), _) => {
                let text = service.resolved_image.as_deref().unwrap_or(&image.value);
                let mut used = self.image(text, &image.origin, &service.unresolved, share);
                if let Some(base) = base {
                    used.built_from = Some(Box::new(base));
                }
                used
            }
            // Compose names what it builds after the project and the service.
            (None, Some(base)) => ImageUse {
                text: service.name.value.clone(),
                image: NamedImage::read_reference(self.catalog, "local/build"),
                origin: service
                    .build
                    .as_ref()
                    .map_or_else(|| service.origin.clone(), |build| build.origin.clone()),
                unresolved: Vec::new(),
                built_from: Some(Box::new(base.clone())),
                os: None,
            },
            // Built elsewhere, or by a file that is not there.
            (None, None) => match &service.build {
                Some(build) => ImageUse {
                    text: service.name.value.clone(),
                    image: NamedImage::read_reference(self.catalog, "local/build"),
                    origin: build.origin.clone(),
                    unresolved: Vec::new(),
                    os: None,
                    built_from: None,
                },
                None => return,
            },
        };
        let in_swarm = service.deploy.is_some() || self.swarm_alone;
        let isolation = service.isolation.as_ref().and_then(|isolation| {
            let value = isolation_of(&isolation.value)?;
            Some(Located::new(value, isolation.origin.clone()))
        });
        let os = service.platform.as_ref().and_then(|platform| {
            let os = platform.value.split(['/', '(']).next()?;
            match os.to_ascii_lowercase().as_str() {
                "windows" => Some(Os::Windows),
                "linux" => Some(Os::Linux),
                _ => None,
            }
        });
        share.workloads.push(Workload {
            subject: Subject::new("service", &service.name.value),
            orchestrator: if in_swarm {
                Orchestrator::Swarm
            } else {
                Orchestrator::Docker
            },
            containers: vec![Container {
                name: service.name.value.clone(),
                image,
                host_process: false,
            }],
            placement: if in_swarm {
                Placement::Swarm(SwarmPlacement {
                    constraints: service.constraints.clone(),
                    unresolved: service.unresolved_constraints.clone(),
                    platforms: Vec::new(),
                })
            } else {
                Placement::Anywhere
            },
            isolation,
            os,
            everywhere: service.global,
            wanted: service.replicas,
            running: None,
            origin: service.origin.clone(),
        });
    }
}
