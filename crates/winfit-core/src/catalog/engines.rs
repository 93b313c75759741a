//! The engines' own rules: which generation, carried by which version.

use super::tsv::{TableError, table};
use crate::engine::{Engine, EngineVersion, Product, Store};

/// A generation of the rule by which engines choose the child of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The same build.
    X,
    /// Below 20348 the same build; else from 20348 up to the host.
    A,
    /// As A, but the floor rises to the newest LTSC strictly below the host.
    B,
    /// As B, but one LTSC generation further back.
    C,
    /// Any build up to the host's.
    D,
}

impl Generation {
    /// Its letter.
    pub fn name(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

/// In which order an engine looks at the children that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the index lists them.
    Index,
    /// Highest revision first, as numbers.
    Numeric,
    /// Largest os.version first, as strings.
    String,
    /// The host's own build first, then as listed.
    ExactFirst,
}

impl Order {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Numeric => "numeric",
            Self::String => "string",
            Self::ExactFirst => "exact-first",
        }
    }
}

/// A generation in words, as `engine_rules.tsv` has it.
#[derive(Debug, Clone)]
pub struct EngineRule {
    /// Its letter.
    pub generation: &'static str,
    /// What it accepts.
    pub rule: &'static str,
    /// What it does with an image that states no version.
    pub empty_os_version: &'static str,
    /// Its order among matches.
    pub order: &'static str,
    /// Who carries it.
    pub engines: &'static str,
    /// Where it was read.
    pub source: &'static str,
}

/// A span of engine versions and the rule they carry, one row of `engine_versions.tsv`.
#[derive(Debug, Clone)]
pub struct EngineRow {
    /// Docker or containerd.
    pub product: Product,
    /// For Docker, the image store; none: either.
    pub store: Option<Store>,
    /// For containerd, whether the row is about its client (`Some(true)`), its CRI plugin
    /// (`Some(false)`), or both.
    pub client: Option<bool>,
    /// The first version.
    pub from: EngineVersion,
    /// The last version.
    pub to: EngineVersion,
    /// Its generation.
    pub generation: Generation,
    /// Its order.
    pub order: Order,
    /// Whether an image without os.version matches.
    pub empty_matches: bool,
    /// Where it was read.
    pub source: &'static str,
}

impl EngineRow {
    /// The newest engine of the row.
    pub fn newest_engine(&self) -> Engine {
        Engine {
            product: self.product,
            version: self.to,
            store: self.store.unwrap_or(Store::Classic),
            client: self.client == Some(true),
        }
    }
}

pub(super) fn read_rules() -> Result<Vec<EngineRule>, TableError> {
    table(
        "engine_rules.tsv",
        include_str!("../../data/engine_rules.tsv"),
        |row| {
            Ok(EngineRule {
                generation: row.text("generation")?,
                rule: row.text("rule")?,
                empty_os_version: row.text("empty_os_version")?,
                order: row.text("order_among_matches")?,
                engines: row.text("engines")?,
                source: row.text("source")?,
            })
        },
    )
}

pub(super) fn read_versions() -> Result<Vec<EngineRow>, TableError> {
    table(
        "engine_versions.tsv",
        include_str!("../../data/engine_versions.tsv"),
        |row| {
            let version = |column| {
                let text = row.text(column)?;
                EngineVersion::parse(text)
                    .ok_or_else(|| row.error(column, format!("{text:?} is no engine version")))
            };
            let word = |column, reason: &str| -> TableError {
                row.error(
                    column,
                    format!("{:?} {reason}", row.text(column).unwrap_or_default()),
                )
            };
            Ok(EngineRow {
                product: Product::parse(row.text("engine")?)
                    .ok_or_else(|| word("engine", "is no engine"))?,
                store: match row.text("store")? {
                    "classic" => Some(Store::Classic),
                    "containerd" => Some(Store::Containerd),
                    "any" => None,
                    _ => return Err(word("store", "is no image store")),
                },
                client: match row.text("client")? {
                    "client" => Some(true),
                    "cri" => Some(false),
                    "any" => None,
                    _ => return Err(word("client", "is neither client nor cri")),
                },
                from: version("from")?,
                to: version("to")?,
                generation: match row.text("generation")? {
                    "X" => Generation::X,
                    "A" => Generation::A,
                    "B" => Generation::B,
                    "C" => Generation::C,
                    "D" => Generation::D,
                    _ => return Err(word("generation", "is no generation")),
                },
                order: match row.text("order")? {
                    "index" => Order::Index,
                    "numeric" => Order::Numeric,
                    "string" => Order::String,
                    "exact-first" => Order::ExactFirst,
                    _ => return Err(word("order", "is no order")),
                },
                empty_matches: match row.text("empty")? {
                    "matches" => true,
                    "refuses" => false,
                    _ => return Err(word("empty", "is neither matches nor refuses")),
                },
                source: row.text("source")?,
            })
        },
    )
}
