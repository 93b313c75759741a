//! Writing to a registry: manifests and indexes, and blobs that another repository of it has.

use reqwest::StatusCode;

use crate::client::Client;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::model::ACCEPTED;
use crate::place::Place;

impl Client {
    /// Puts a manifest or an index under a tag or a digest, and gives its digest. The registry must
    /// have all that it names already.
    pub async fn push_manifest(
        &self,
        place: &Place,
        tag_or_digest: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Digest, RegistryError> {
        let path = format!("manifests/{tag_or_digest}");
        let answer = self
            .transport()
            .put(place, &path, media_type, bytes)
            .await?;
        let digest = Digest::of(bytes);
        // What a registry stored under another digest is not what was sent.
        match answer.headers.get("docker-content-digest") {
            Some(other) if other.as_bytes() != digest.as_str().as_bytes() => {
                Err(RegistryError::Answer {
                    reference: place.named(tag_or_digest),
                    reason: format!("the registry stored something else than {digest}"),
                })
            }
            _ => {
                if Digest::parse(tag_or_digest).is_none() {
                    // What the tag means now is known better than by whoever read it before.
                    self.cache().keep_tag(place, tag_or_digest, &digest);
                }
                Ok(digest)
            }
        }
    }

    /// Makes a blob of another repository of the same registry this repository's too, without sending
    /// it. False: the registry does not mount it, because that repository has no such blob, or because
    /// it never does.
    pub async fn mount_blob(
        &self,
        place: &Place,
        digest: &Digest,
        from_repository: &str,
    ) -> Result<bool, RegistryError> {
        let answer = self
            .transport()
            .mount(place, digest, from_repository)
            .await?;
        Ok(answer.status == StatusCode::CREATED)
    }

    /// Asks whether a repository has a manifest, once in a run.
    pub(crate) async fn present(
        &self,
        place: &Place,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        let ask = async {
            // The chain of mirrors, logins and retries is large; what awaits it need not be.
            if Box::pin(self.has_manifest(place, digest.as_str())).await? {
                return Ok(());
            }
            Err(RegistryError::NotFound {
                reference: place.named(digest.as_str()),
            })
        };
        let key = (place.clone(), digest.clone());
        self.presence().answer(key, ask).await
    }

    /// Whether a repository has a manifest of this tag or digest.
    pub async fn has_manifest(&self, place: &Place, name: &str) -> Result<bool, RegistryError> {
        let path = format!("manifests/{name}");
        match self.transport().head(place, &path, &ACCEPTED).await {
            Ok(_) => Ok(true),
            Err(RegistryError::NotFound { .. } | RegistryError::NoRepository { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
