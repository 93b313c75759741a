//! What registries know of images: their children, the Windows version of each, and where it is stated.
//!
//! [`Client`] reads index, manifest and config, never a layer. [`inspect`](fn@inspect::inspect) puts
//! them together into an [`ImageReport`](inspect::ImageReport); what follows from that is judged by the
//! core.

pub mod assemble;
mod auth;
mod cache;
pub mod client;
mod describe;
pub mod digest;
pub mod error;
mod flight;
#[doc(hidden)]
pub mod hostile;
pub mod inspect;
pub mod model;
pub mod place;
mod push;
mod search;
mod settings_file;
pub mod settle;
pub mod tags;
mod transport;

pub use client::{Client, Options};
pub use error::RegistryError;
pub use search::Search;
pub use transport::retry::Retry;
