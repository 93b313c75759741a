//! Which files are Compose files, and which are overrides of others.

/// The names that Compose looks for, in its order (compose-go, `DefaultFileNames`).
pub const BASES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// The names of override files that it looks for, in its order; it takes the first that is there.
pub const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// How many bytes of a file are looked at to tell what it is.
const LOOKED_AT: usize = 64 * 1024;

/// Whether a file is a Compose file, by its name or, where that does not tell, by what it holds.
pub fn looks_like(name: &str, text: &str) -> bool {
    let name = file_name(name).to_ascii_lowercase();
    let Some(stem) = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
    else {
        return false;
    };
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    if is_kubernetes(text) {
        return false;
    }
    let named = stem == "compose"
        || stem == "docker-compose"
        || stem.starts_with("compose.")
        || stem.starts_with("docker-compose.")
        || stem.starts_with("docker-compose-")
        || stem.ends_with(".compose")
        || stem.ends_with(".docker-compose")
        || stem.ends_with("-compose");
    named || holds_services(text)
}

/// The files that an override file belongs to, in the order in which Compose looks for them; none:
/// it is no override file. `docker-compose.prod.yml` is none: somebody has to name it.
pub fn is_override(name: &str) -> Option<&'static [&'static str]> {
    let name = file_name(name);
    OVERRIDES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
        .then_some(&BASES)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn is_kubernetes(text: &str) -> bool {
    let starts = |key: &str| text.lines().any(|line| line.starts_with(key));
    starts("apiVersion:") && starts("kind:")
}

/// Services that are a mapping, with an image or a build. Where `services:` holds a list (GitLab,
/// Travis, Drone), it is not Compose's.
fn holds_services(text: &str) -> bool {
    let mut lines = text.lines().map(|line| {
        // Words of a comment are no content.
        line.split_once(" #").map_or(line, |(before, _)| before)
    });
    if !lines.any(|line| line.trim_end() == "services:") {
        return false;
    }
    let mut lines = lines
        .filter(|line| !line.trim_start().is_empty() && !line.trim_start().starts_with('#'))
        .peekable();
    if lines
        .peek()
        .is_none_or(|first| first.trim_start().starts_with('-'))
    {
        return false;
    }
    lines.any(|line| {
        let line = line.trim_start();
        line.starts_with("image:") || line.starts_with("build:")
    })
}
