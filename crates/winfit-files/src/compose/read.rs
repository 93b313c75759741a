//! A project: its documents, what they include and extend, and its override files.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use winfit_core::finding::{Located, Origin};
use winfit_core::version::quote_for_error;

use super::env_file::Env;
use super::facts::service;
use super::flattened::flattened;
use super::layer::ServiceLayer;
use super::model::Model;
use super::service::{
    File, in_words, is_extension, is_remote, join, normalise, origin, wrong_type,
};
use super::{Compose, Loader};
use crate::problem::Problem;
use crate::source::Source;
use crate::yaml::{self, Node, Tree};

/// How many files one project may bring together.
const MOST_FILES: usize = 100;

/// How many `include` and `extends` may follow one another.
const DEEPEST: usize = 16;

/// How many values may be copied by `extends` and merges.
const MOST_COPIES: usize = 1_000_000;

/// Where a file stands among those that brought it here.
#[derive(Clone)]
struct Place {
    /// The folder from which its relative paths go.
    folder: PathBuf,
    env: Arc<Env>,
    /// The files that include it, and itself.
    chain: Vec<PathBuf>,
}

/// Services with the place from which their relative paths go.
struct Services {
    model: RefCell<Model>,
    place: Place,
    path: PathBuf,
}

struct Reader<'l> {
    loader: &'l dyn Loader,
    problems: Vec<Problem>,
    files: usize,
    copies: usize,
    /// Files that were read for `extends`, by path and environment.
    extended: HashMap<(PathBuf, usize), Option<Rc<Services>>>,
}

/// Reads a Compose file with all that it refers to.
pub(super) fn read(
    source: &Source,
    trees: &[Tree<'_>],
    overrides: &[Arc<Source>],
    loader: &dyn Loader,
) -> (Compose, Vec<Problem>) {
    let mut reader = Reader {
        loader,
        problems: Vec::new(),
        files: 1,
        copies: 0,
        extended: HashMap::new(),
    };
    let folder = source
        .path
        .parent()
        .map_or_else(PathBuf::new, Path::to_owned);
    let env = reader.env(None, &folder, None);
    let place = Place {
        folder,
        env,
        chain: vec![normalise(&source.path)],
    };
    let mut model = Model::default();
    reader.documents(&mut model, source, trees, &place, true);
    for later in overrides {
        reader.whole_file(&mut model, later, &place, true);
    }
    let compose = Compose {
        version: model.version,
        services: model.services.into_iter().map(service).collect(),
    };
    // A file that comes in twice is told of once.
    let mut seen = HashSet::new();
    let mut problems = reader.problems;
    problems.retain(|problem| {
        seen.insert((
            problem.rule,
            problem.origin.clone(),
            problem.message.clone(),
        ))
    });
    (compose, problems)
}

impl Reader<'_> {
    /// The variables of a project: of the files that are named, else of `.env` in its folder.
    fn env(
        &mut self,
        outer: Option<Arc<Env>>,
        folder: &Path,
        named: Option<Vec<(PathBuf, Origin)>>,
    ) -> Arc<Env> {
        let mut env = Env::inside(outer);
        if let Some(named) = named {
            for (path, place) in named {
                if let Some(source) = self.load(&path, &place) {
                    let problems = env.add(&source);
                    self.problems.extend(problems);
                }
            }
        } else if let Ok(source) = self.loader.load(&folder.join(".env")) {
            // It need not be there.
            let problems = env.add(&source);
            self.problems.extend(problems);
        }
        Arc::new(env)
    }

    /// A file that another one refers to.
    fn load(&mut self, path: &Path, place: &Origin) -> Option<Arc<Source>> {
        if self.files >= MOST_FILES {
            if self.files == MOST_FILES {
                self.files += 1;
                self.unresolved(
                    place,
                    "this project brings together more than 100 files; the rest is not read",
                );
            }
            return None;
        }
        self.files += 1;
        match self.loader.load(path) {
            Ok(source) => Some(source),
            Err(reason) => {
                self.unresolved(
                    place,
                    &format!(
                        "{} could not be read: {reason}",
                        quote_for_error(&path.to_string_lossy().replace('\\', "/"))
                    ),
                );
                None
            }
        }
    }

    fn unresolved(&mut self, place: &Origin, message: &str) {
        self.problems.push(Problem::warning(
            "unresolved-include",
            place.clone(),
            message,
        ));
    }

    fn refused(&mut self, place: &Origin, message: String) {
        self.problems
            .push(Problem::error("broken-file", place.clone(), message));
    }

    /// Counts what is copied; false: enough is enough.
    fn spend(&mut self, service: &ServiceLayer, place: &Origin) -> bool {
        let before = self.copies;
        self.copies += service.size();
        if before <= MOST_COPIES && self.copies > MOST_COPIES {
            self.refused(
                place,
                "the services of this project grow beyond a million values; the rest is not read"
                    .to_owned(),
            );
        }
        self.copies <= MOST_COPIES
    }

    fn whole_file(&mut self, model: &mut Model, source: &Source, place: &Place, includes: bool) {
        let (trees, problems) = yaml::read(source);
        self.problems.extend(problems);
        self.documents(model, source, &trees, place, includes);
    }

    /// The documents of a file, each over those before it, as Compose has it.
    fn documents(
        &mut self,
        model: &mut Model,
        source: &Source,
        trees: &[Tree<'_>],
        place: &Place,
        includes: bool,
    ) {
        for tree in trees {
            let Some(root) = tree.root() else { continue };
            let part = self.document(source, root, place, includes);
            if let Some(version) = part.version {
                model.version.get_or_insert(version);
            }
            for service in part.services {
                let known = model.get(&service.name.value);
                if known.is_some_and(|known| !self.spend(known, &service.name.origin)) {
                    continue;
                }
                model.put_over(service);
            }
            if tree.exhausted() {
                self.problems.push(Problem::error(
                    "broken-file",
                    source.origin(tree.start, tree.start),
                    format!(
                        "this document has more than {} nodes once its aliases are followed; \
                         the rest is not read",
                        yaml::MOST_VISITS
                    ),
                ));
            }
        }
    }

    fn document(
        &mut self,
        source: &Source,
        root: Node<'_, '_>,
        place: &Place,
        includes: bool,
    ) -> Model {
        let mut model = Model::default();
        if !root.is_mapping() {
            let message = format!(
                "this document is {}, and a Compose file is a mapping",
                in_words(root)
            );
            let place = origin(source, root);
            self.problems
                .push(Problem::error("wrong-type", place, message));
            return model;
        }
        let top = |key: &str| root.entry(key).map(|entry| entry.value);
        model.version = top("version").and_then(|version| {
            let text = version.as_str().filter(|_| !version.is_null())?;
            Some(Located::new(text.to_owned(), origin(source, version)))
        });
        let mut file = File {
            source,
            env: &place.env,
            folder: &place.folder,
            first_version: false,
        };
        match root.entry("services") {
            Some(entry) if entry.value.is_mapping() => {
                for entry in entry.value.entries() {
                    if !is_extension(entry.key) {
                        let service = file.service(entry.key, entry.value, &mut self.problems);
                        model.put_over(service);
                    }
                }
            }
            Some(entry) if entry.value.is_null() => {
                let place = origin(source, entry.key);
                flattened(&file, root, &mut model, &place, &mut self.problems);
            }
            Some(entry) => {
                self.problems
                    .push(wrong_type(source, entry.value, "services", "a mapping"));
            }
            None if is_first_version(root) => {
                file.first_version = true;
                for entry in root.entries() {
                    if entry.value.is_mapping() && !is_extension(entry.key) {
                        let service = file.service(entry.key, entry.value, &mut self.problems);
                        model.put_over(service);
                    }
                }
            }
            None => {}
        }
        if includes && let Some(include) = top("include") {
            self.includes(&file, include, place, &mut model);
        }
        let services = Rc::new(Services {
            model: RefCell::new(model),
            place: place.clone(),
            path: place.chain.last().cloned().unwrap_or_default(),
        });
        let names: Vec<String> = services
            .model
            .borrow()
            .services
            .iter()
            .filter(|service| service.extends.is_some())
            .map(|service| service.name.value.clone())
            .collect();
        for name in names {
            self.extend(&services, &name, &mut Vec::new());
        }
        services.model.take()
    }

    fn includes(
        &mut self,
        file: &File<'_>,
        include: Node<'_, '_>,
        place: &Place,
        model: &mut Model,
    ) {
        if include.is_null() {
            return;
        }
        let entries = if include.is_sequence() {
            include.elements()
        } else {
            let expected = "a list of files";
            self.problems
                .push(wrong_type(file.source, include, "include", expected));
            vec![include]
        };
        for entry in entries {
            let Some(imported) = self.include(file, entry, place) else {
                continue;
            };
            for service in imported.services {
                model.put_under(service);
            }
        }
    }

    fn include(&mut self, file: &File<'_>, entry: Node<'_, '_>, place: &Place) -> Option<Model> {
        let (paths, folder, env_files) = if entry.is_mapping() {
            let paths = self.paths(file, entry.get("path")?, "include.path");
            let folder = match entry.get("project_directory").filter(|at| !at.is_null()) {
                Some(value) => {
                    let what = "include.project_directory";
                    let text = file.text(value, what, &mut self.problems)?;
                    Some(join(&place.folder, &text.value?))
                }
                None => None,
            };
            let env_files = entry
                .get("env_file")
                .filter(|value| !value.is_null())
                .map(|value| self.paths(file, value, "include.env_file"));
            (paths, folder, env_files)
        } else if entry.is_sequence() || entry.is_null() {
            let expected = "a file or a mapping with `path`";
            self.problems
                .push(wrong_type(file.source, entry, "include", expected));
            return None;
        } else {
            (self.paths(file, entry, "include"), None, None)
        };
        let (main, main_place) = paths.first()?;
        // What lies in a registry or a Git repository is known to nobody here.
        if is_remote(main) || main.starts_with("oci:") {
            return None;
        }
        let main = join(&place.folder, main);
        let folder =
            folder.unwrap_or_else(|| main.parent().map_or_else(PathBuf::new, Path::to_owned));
        if place.chain.contains(&main) {
            let message = "this file includes itself, directly or through others, and Compose \
                           refuses that";
            self.refused(main_place, message.to_owned());
            return None;
        }
        if place.chain.len() >= DEEPEST {
            let message = "more than 16 files include one another; the rest is not read";
            self.unresolved(main_place, message);
            return None;
        }
        let env_files = env_files.map(|files| {
            files
                .into_iter()
                .filter(|(path, _)| path != "/dev/null")
                .map(|(path, origin)| (join(&place.folder, &path), origin))
                .collect()
        });
        let env = self.env(Some(Arc::clone(&place.env)), &folder, env_files);
        let mut chain = place.chain.clone();
        chain.push(main);
        let inner = Place { folder, env, chain };
        let mut model = Model::default();
        for (path, origin) in &paths {
            if is_remote(path) {
                continue;
            }
            if let Some(source) = self.load(&join(&place.folder, path), origin) {
                self.whole_file(&mut model, &source, &inner, true);
            }
        }
        Some(model)
    }

    /// A path or a list of paths, with their places; those of variables without a value are left out.
    fn paths(&mut self, file: &File<'_>, node: Node<'_, '_>, what: &str) -> Vec<(String, Origin)> {
        let nodes = if node.is_sequence() {
            node.elements()
        } else {
            vec![node]
        };
        nodes
            .into_iter()
            .filter_map(|node| {
                let text = file.text(node, what, &mut self.problems)?;
                Some((text.value?, text.origin))
            })
            .collect()
    }

    /// Puts under a service what it extends, and what that extends.
    fn extend(
        &mut self,
        services: &Rc<Services>,
        name: &str,
        above: &mut Vec<(PathBuf, String)>,
    ) -> Option<ServiceLayer> {
        let service = services.model.borrow().get(name)?.clone();
        let Some(extends) = service.extends.clone() else {
            return Some(service);
        };
        let done = |service: ServiceLayer| {
            let service = ServiceLayer {
                extends: None,
                ..service
            };
            services.model.borrow_mut().replace(service.clone());
            Some(service)
        };
        if above.len() >= DEEPEST {
            let message = "more than 16 services extend one another; the rest is not read";
            self.unresolved(&extends.origin, message);
            return done(service);
        }
        if self.copies > MOST_COPIES {
            return done(service);
        }
        let base_services = match &extends.file {
            Some(path) if is_remote(&path.value) => None,
            Some(path) => self.extended_file(services, path),
            None => Some(Rc::clone(services)),
        };
        let Some(base_services) = base_services else {
            return done(service);
        };
        let base_known = base_services.model.borrow().get(&extends.service).is_some();
        if !base_known {
            let message = format!(
                "no service {} stands in {}, and Compose refuses the file",
                quote_for_error(&extends.service),
                match &extends.file {
                    Some(path) => quote_for_error(&path.value),
                    None => "this file".to_owned(),
                }
            );
            self.refused(&extends.origin, message);
            return done(service);
        }
        above.push((services.path.clone(), name.to_owned()));
        let next = (base_services.path.clone(), extends.service.clone());
        if above.contains(&next) {
            let message = format!(
                "service {} comes back to itself through `extends`, and Compose refuses that",
                quote_for_error(&extends.service)
            );
            self.refused(&extends.origin, message);
            above.pop();
            return done(service);
        }
        let base = self.extend(&base_services, &extends.service, above);
        above.pop();
        let Some(mut base) = base else {
            return done(service);
        };
        if !self.spend(&base, &extends.origin) {
            return done(service);
        }
        base.name = service.name.clone();
        done(base.merge(service))
    }

    /// The services of a file that is extended; what it includes does not count, and it sees the
    /// variables of the project that extends it.
    fn extended_file(
        &mut self,
        services: &Services,
        file: &Located<String>,
    ) -> Option<Rc<Services>> {
        let path = join(&services.place.folder, &file.value);
        let key = (path.clone(), Arc::as_ptr(&services.place.env) as usize);
        if let Some(known) = self.extended.get(&key) {
            return known.clone();
        }
        let found = self.load(&path, &file.origin).map(|source| {
            let place = Place {
                folder: path.parent().map_or_else(PathBuf::new, Path::to_owned),
                env: Arc::clone(&services.place.env),
                chain: vec![path.clone()],
            };
            let model = self.unextended(&source, &place);
            Rc::new(Services {
                model: RefCell::new(model),
                place,
                path,
            })
        });
        self.extended.insert(key, found.clone());
        found
    }

    /// The services of a file as they stand there, whatever they extend.
    fn unextended(&mut self, source: &Source, place: &Place) -> Model {
        let (trees, problems) = yaml::read(source);
        self.problems.extend(problems);
        let mut model = Model::default();
        for tree in &trees {
            let Some(root) = tree.root() else { continue };
            let first_version = root.entry("services").is_none() && is_first_version(root);
            let file = File {
                source,
                env: &place.env,
                folder: &place.folder,
                first_version,
            };
            let services = if first_version {
                Some(root)
            } else {
                root.get("services")
            };
            for entry in services.map(Node::entries).unwrap_or_default() {
                if !is_extension(entry.key) && (!first_version || entry.value.is_mapping()) {
                    let service = file.service(entry.key, entry.value, &mut self.problems);
                    let extends = service.extends.clone();
                    let name = service.name.value.clone();
                    model.put_over(service);
                    if let Some(at) = model.by_name.get(&name) {
                        model.services[*at].extends = extends;
                    }
                }
            }
        }
        model
    }
}

/// Services at the root, as before `version` was invented.
fn is_first_version(root: Node<'_, '_>) -> bool {
    let entries = root.entries();
    let named = |name: &str| entries.iter().any(|entry| entry.key.as_str() == Some(name));
    if named("version") || named("include") || named("name") {
        return false;
    }
    entries.iter().any(|entry| {
        entry.value.is_mapping()
            && (entry.value.entry("image").is_some() || entry.value.entry("build").is_some())
    })
}
