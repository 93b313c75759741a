//! Who asks: logins as people have them, and what registries want to see of them.
//!
//! A login is shown to the registry that it belongs to, or to the token service which that registry
//! names; a token only to the registry that wanted it. Neither goes along with a redirect to another
//! host, and neither is ever printed.

pub(crate) mod challenge;
pub(crate) mod file;
pub(crate) mod helper;
pub(crate) mod login;
pub(crate) mod secret;
pub(crate) mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use reqwest::{StatusCode, Url};

use challenge::Challenge;
use file::Credential;
use login::{Login, Logins};
use token::{Grant, TokenRequest};

use crate::error::RegistryError;
use crate::search::Search;

/// What is asked for: where, and in whose name.
#[derive(Debug, Clone)]
pub(crate) struct Wish<'a> {
    /// The registry that logins are kept for: the mirror's own host where a mirror is asked.
    pub(crate) registry: &'a str,
    /// The repository.
    pub(crate) repository: &'a str,
    /// The registry's address.
    pub(crate) origin: &'a Url,
    /// `repository:NAME:pull`.
    pub(crate) scopes: &'a [String],
}

/// Sends what a token service is asked, and gives its status and its answer.
pub(crate) trait Ask {
    /// Sends it.
    async fn ask(&self, request: TokenRequest) -> Result<(StatusCode, Vec<u8>), RegistryError>;
}

/// Registries' challenges, and what was granted for them.
#[derive(Debug)]
pub(crate) struct Authorizer {
    logins: Logins,
    challenges: Mutex<HashMap<Url, Challenge>>,
    grants: Mutex<HashMap<(Url, String, String), Arc<Slot>>>,
}

/// What was granted. It is locked while a grant is asked for, so that one request is sent however many
/// wait for it.
type Slot = tokio::sync::Mutex<Option<Grant>>;

impl Authorizer {
    pub(crate) fn new(search: &Search) -> Self {
        Self {
            logins: Logins::new(search.auth_files.clone(), search.helpers.clone()),
            challenges: Mutex::default(),
            grants: Mutex::default(),
        }
    }

    /// The login of a wish.
    pub(crate) async fn login(&self, wish: &Wish<'_>) -> Arc<Login> {
        self.logins.of(wish.registry, wish.repository).await
    }

    /// What to show unasked: what the registry wanted before. None: it did not say yet.
    pub(crate) async fn known(
        &self,
        wish: &Wish<'_>,
        asker: &impl Ask,
    ) -> Result<Option<Grant>, RegistryError> {
        let known = lock(&self.challenges).get(wish.origin).cloned();
        match known {
            Some(challenge) => self.grant(wish, &challenge, None, asker).await,
            None => Ok(None),
        }
    }

    /// What to show after a refusal with these headers. None: nothing that would help.
    pub(crate) async fn answer(
        &self,
        wish: &Wish<'_>,
        headers: &[&str],
        refused: Option<&Grant>,
        asker: &impl Ask,
    ) -> Result<Option<Grant>, RegistryError> {
        let challenges: Vec<Challenge> =
            headers.iter().copied().flat_map(challenge::parse).collect();
        let by = |scheme: &str| challenges.iter().find(|one| one.scheme == scheme);
        let Some(challenge) = by("bearer").or_else(|| by("basic")) else {
            return Ok(None);
        };
        lock(&self.challenges).insert(wish.origin.clone(), challenge.clone());
        self.grant(wish, challenge, refused, asker).await
    }

    async fn grant(
        &self,
        wish: &Wish<'_>,
        challenge: &Challenge,
        refused: Option<&Grant>,
        asker: &impl Ask,
    ) -> Result<Option<Grant>, RegistryError> {
        // A repository may have a login of its own, and so grants are its own too.
        let key = (
            wish.origin.clone(),
            wish.repository.to_owned(),
            wish.scopes.join(" "),
        );
        let slot = lock(&self.grants).entry(key).or_default().clone();
        let mut slot = slot.lock().await;
        let still = |grant: &&Grant| {
            grant.is_good() && refused.is_none_or(|refused| refused.header != grant.header)
        };
        if let Some(grant) = slot.as_ref().filter(still) {
            return Ok(Some(grant.clone()));
        }
        let login = self.login(wish).await;
        let granted = match (&login.credential, challenge.scheme.as_str()) {
            (Some(Credential::Token(token)), "bearer") => Grant::bearer(token, None),
            (credential, "bearer") => {
                let granted = self.token(wish, challenge, credential.as_ref(), &login, asker);
                Some(granted.await?)
            }
            (Some(Credential::Password { user, password }), _) => Grant::basic(user, password),
            _ => None,
        };
        // What was refused once is refused again.
        let granted =
            granted.filter(|new| refused.is_none_or(|refused| refused.header != new.header));
        slot.clone_from(&granted);
        Ok(granted)
    }

    async fn token(
        &self,
        wish: &Wish<'_>,
        challenge: &Challenge,
        credential: Option<&Credential>,
        login: &Login,
        asker: &impl Ask,
    ) -> Result<Grant, RegistryError> {
        let trouble = |reason: String| RegistryError::TokenService {
            registry: wish.registry.to_owned(),
            reason,
        };
        let realm = token::realm(challenge, wish.origin).map_err(trouble)?;
        let host = realm.host_str().unwrap_or_default().to_owned();
        let begun = Instant::now();
        let request = token::request(realm, challenge, wish.scopes, credential);
        let (status, answer) = asker.ask(request).await?;
        match status {
            StatusCode::OK => token::read(&answer, begun).map_err(trouble),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(refusal(wish, login, false)),
            other => Err(trouble(format!(
                "its token service at {host} answers {other}"
            ))),
        }
    }
}

/// What to say where a registry refuses for good: who asked, and what may help. `known`: the login was
/// taken, and only the right is missing.
pub(crate) fn refusal(wish: &Wish<'_>, login: &Login, known: bool) -> RegistryError {
    let registry = wish.registry.to_owned();
    let repository = wish.repository.to_owned();
    match (&login.credential, login.troubles.first()) {
        (Some(_), _) if known => RegistryError::Denied {
            registry,
            repository,
            login: login.from.clone(),
        },
        (Some(_), _) => RegistryError::LoginRefused {
            registry,
            login: login.from.clone(),
        },
        (None, Some(trouble)) => RegistryError::LoginUnreadable {
            registry,
            repository,
            trouble: trouble.clone(),
        },
        (None, None) => RegistryError::Unauthorized {
            registry,
            repository,
        },
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
