//! Whether a service was changed, told by what is wanted of it.
//!
//! Its version does not tell: whenever a manager begins to lead it writes all services, and each has another
//! version then (dockerd 20.10.24).

use crate::model::{Service, ServiceSpec};

/// A number that is another one after somebody changed what decides where and how often a service runs, be it
/// there and back. Watches keep it in files: it depends on nothing that a newer engine or winfit adds.
pub fn mark(service: &Service) -> u64 {
    let mut mark = Mark(OFFSET);
    mark.spec(&service.spec);
    if let Some(previous) = &service.previous_spec {
        mark.text("before");
        mark.spec(previous);
    }
    mark.0
}

/// FNV-1a over 64 bits: no more than to tell one from another.
struct Mark(u64);

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Mark {
    fn spec(&mut self, spec: &ServiceSpec) {
        let template = &spec.task_template;
        self.text(&spec.name);
        if let Some(container) = &template.container_spec {
            self.text(&container.image);
            self.text(&container.isolation);
        }
        for constraint in &template.placement.constraints {
            self.text(constraint);
        }
        self.text("platforms");
        for platform in &template.placement.platforms {
            self.text(&platform.os);
            self.text(&platform.architecture);
        }
        self.number(template.force_update);
        let mode = &spec.mode;
        if let Some(replicated) = &mode.replicated {
            self.number(replicated.replicas.into());
        }
        if let Some(job) = &mode.replicated_job {
            self.text("job");
            self.number(job.max_concurrent.into());
            self.number(job.total_completions.into());
        }
        if mode.global.is_some() {
            self.text("global");
        }
        if mode.global_job.is_some() {
            self.text("global-job");
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u64 {
        mark(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_engines_do_by_themselves_is_no_change() {
        let one =
            r#"{"ID":"s","Version":{"Index":18},"Spec":{"Name":"fax"},"UpdatedAt":"09:11:19"}"#;
        let other = r#"{"ID":"s","Version":{"Index":91},"Spec":{"Name":"fax","New":1},"PreviousSpec":null}"#;
        assert_eq!(of(one), of(other));
    }

    #[test]
    fn what_people_do_is_one_also_there_and_back() {
        let image = |image: &str| {
            format!(r#"{{"Name":"fax","TaskTemplate":{{"ContainerSpec":{{"Image":"{image}"}}}}}}"#)
        };
        let marks = [
            format!(r#"{{"Spec":{}}}"#, image("a")),
            format!(r#"{{"Spec":{}}}"#, image("b")),
            format!(r#"{{"Spec":{},"PreviousSpec":{}}}"#, image("a"), image("b")),
            r#"{"Spec":{"Name":"fax","Mode":{"Replicated":{"Replicas":1}}}}"#.to_owned(),
            r#"{"Spec":{"Name":"fax","Mode":{"Replicated":{"Replicas":2}}}}"#.to_owned(),
            r#"{"Spec":{"Name":"fax","Mode":{"Global":{}}}}"#.to_owned(),
            r#"{"Spec":{"Name":"fax","TaskTemplate":{"ForceUpdate":1}}}"#.to_owned(),
            r#"{"Spec":{"Name":"fax","TaskTemplate":{"Placement":{"Constraints":["a==b"]}}}}"#
                .to_owned(),
        ];
        let marks: std::collections::BTreeSet<u64> = marks.iter().map(|text| of(text)).collect();
        assert_eq!(marks.len(), 8);
    }

    #[test]
    fn marks_in_files_stay_what_they_are() {
        let service = r#"{"Spec":{"Name":"fax","Mode":{"Replicated":{"Replicas":1}}}}"#;
        assert_eq!(of(service), 8_589_106_226_952_366_177);
    }
}
