//! The tags of a repository, page after page.

use std::collections::BTreeSet;

use reqwest::header::LINK;
use serde::Deserialize;

use crate::client::Client;
use crate::error::RegistryError;
use crate::place::Place;
use crate::transport::Answer;

/// How many tags are asked for at a time.
const PAGE: usize = 1000;
/// The largest page that is read; the oldest registries send all tags at once.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How many tags of a repository are read.
pub const MOST_TAGS: usize = 200_000;
/// What no tag is longer than, by the distribution specification.
const LONGEST: usize = 128;

#[derive(Deserialize)]
struct Page {
    // Registries send null for a repository without tags.
    tags: Option<Vec<String>>,
}

impl Client {
    /// All tags of a repository, in the order of their texts, each once. What is no tag is left out.
    pub async fn tags(&self, place: &Place) -> Result<Vec<String>, RegistryError> {
        let repository = format!("{}/{}", place.registry, place.repository);
        if self.options().offline {
            return Err(RegistryError::Offline {
                reference: repository,
            });
        }
        let broken = |reason: String| RegistryError::Answer {
            reference: repository.clone(),
            reason,
        };
        let mut tags: BTreeSet<String> = BTreeSet::new();
        let mut query = format!("n={PAGE}");
        loop {
            let answer = self.page(place, &query).await?;
            let page: Page = serde_json::from_slice(&answer.body)
                .map_err(|error| broken(format!("its list of tags cannot be read: {error}")))?;
            let page = page.tags.unwrap_or_default();
            let (before, received) = (tags.len(), page.len());
            let end = page.last().cloned();
            tags.extend(page.into_iter().filter(|tag| is_tag(tag)));
            if tags.len() > MOST_TAGS {
                return Err(broken(format!("it has more than {MOST_TAGS} tags")));
            }
            // Some registries cut pages and do not say so.
            let after = |last: String| format!("n={PAGE}&last={}", escaped(&last));
            let next = next_of(&answer).or(end.filter(|_| received == PAGE).map(after));
            match next {
                // A page without anything new would go on for ever.
                Some(next) if tags.len() > before => query = next,
                _ => return Ok(tags.into_iter().collect()),
            }
        }
    }

    async fn page(&self, place: &Place, query: &str) -> Result<Answer, RegistryError> {
        let path = format!("tags/list?{query}");
        let json = ["application/json"];
        self.transport().get(place, &path, &json, MOST_BYTES).await
    }
}

/// The query of the next page, by the `Link` header: what stands in it is each registry's own matter. Only
/// the query is taken from it: where to ask is not for an answer to say.
fn next_of(answer: &Answer) -> Option<String> {
    /// Longer than any token of a page that is met.
    const LONGEST_QUERY: usize = 4096;
    let links = answer.headers.get_all(LINK);
    let mut links = links.iter().filter_map(|link| link.to_str().ok());
    let link = links.find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    let target = link.split_once('<')?.1.split_once('>')?.0;
    let query = target.split_once('?')?.1;
    let query = query.split('#').next().unwrap_or(query);
    let fine = query.len() <= LONGEST_QUERY && query.bytes().all(|byte| byte.is_ascii_graphic());
    (fine && !query.is_empty()).then(|| query.to_owned())
}

fn is_tag(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let first = text.as_bytes().first();
    text.len() <= LONGEST
        && first.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && text.bytes().all(fine)
}

/// A tag as a part of a query; what else a registry calls one is spelt so that it stays one part.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    text.bytes()
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
