//! Docker engines and Swarms: read, judged, and matched to the Windows versions of images.
//!
//! [`endpoint`] finds the engine as the `docker` command does, [`engine`] asks it, [`model`] holds what
//! decides of its objects, [`swarm`] makes the fleet of a Swarm from them.

mod connect;
pub mod endpoint;
pub mod engine;
pub mod error;
pub mod model;
pub mod swarm;

pub use endpoint::Settings;
pub use engine::Engine;
pub use error::DockerError;
