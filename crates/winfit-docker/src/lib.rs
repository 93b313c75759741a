//! Docker engines and Swarms: read, judged, and matched to the Windows versions of images.
//!
//! [`endpoint`] finds the engine as the `docker` command does, [`engine`] asks it, [`model`] holds what
//! decides of its objects, [`events`] hears of changes, [`host`] reads the Windows under it, [`local`] what it has and runs; [`swarm`]
//! makes the fleet of a Swarm.

mod connect;
pub mod endpoint;
pub mod engine;
pub mod error;
pub mod events;
pub mod host;
pub mod local;
pub mod model;
pub mod swarm;

pub use endpoint::Settings;
pub use engine::Engine;
pub use error::DockerError;
pub use events::{Event, Events};
