//! The services of a document, a file or a project, while they come together.

use std::collections::HashMap;

use winfit_core::finding::Located;

use super::layer::ServiceLayer;

/// Services by name, in the order of the files.
#[derive(Default)]
pub(super) struct Model {
    pub(super) version: Option<Located<String>>,
    pub(super) services: Vec<ServiceLayer>,
    pub(super) by_name: HashMap<String, usize>,
}

impl Model {
    pub(super) fn get(&self, name: &str) -> Option<&ServiceLayer> {
        self.by_name.get(name).map(|at| &self.services[*at])
    }

    /// Puts a service over the one of the same name, if there is one.
    pub(super) fn put_over(&mut self, service: ServiceLayer) {
        match self.by_name.get(&service.name.value) {
            Some(at) => {
                let at = *at;
                let base = self.services[at].clone();
                self.services[at] = base.merge(service);
            }
            None => self.push(service),
        }
    }

    /// Puts a service under the one of the same name: what this model says wins.
    pub(super) fn put_under(&mut self, service: ServiceLayer) {
        match self.by_name.get(&service.name.value) {
            Some(at) => {
                let at = *at;
                let own = self.services[at].clone();
                let extends = own.extends.clone();
                self.services[at] = service.merge(own);
                self.services[at].extends = extends;
            }
            None => self.push(service),
        }
    }

    pub(super) fn replace(&mut self, service: ServiceLayer) {
        if let Some(at) = self.by_name.get(&service.name.value) {
            self.services[*at] = service;
        }
    }

    pub(super) fn push(&mut self, service: ServiceLayer) {
        self.by_name
            .insert(service.name.value.clone(), self.services.len());
        self.services.push(service);
    }
}
