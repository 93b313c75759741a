//! The JSON document that Docker appends to a failure: `extra info: {…}`.

use memchr::{memchr, memchr2_iter};

use crate::diagnosis::MOST_LAYERS;
use crate::facts::Facts;
use crate::normalise::{View, unwrap_lines};

/// Where the document behind `end` lies, if one follows; it ends with the window at the latest.
pub(crate) fn find(window: &[u8], end: usize) -> Option<(usize, usize)> {
    let near = &window[end..window.len().min(end + 160)];
    // Most messages have none; looking for its brace is cheaper than normalising.
    memchr(b'{', near)?;
    let view = View::new(near);
    let text = view.squeezed.as_slice();
    let words = text
        .iter()
        .take_while(|byte| b".,:;()".contains(byte))
        .count();
    let rest = text[words..].strip_prefix(b"extrainfo:")?;
    if rest.first() != Some(&b'{') {
        return None;
    }
    let brace = view.squeezed_to_text(words + "extrainfo:".len());
    let start = end + view.raw_at(brace);
    let mut depth = 0_i32;
    for at in memchr2_iter(b'{', b'}', &window[start..]) {
        depth += if window[start + at] == b'{' { 1 } else { -1 };
        if depth == 0 {
            return Some((start, start + at + 1));
        }
    }
    // Cut off: what follows the line is not part of it.
    let line = memchr(b'\n', &window[start..]).unwrap_or(window.len() - start);
    Some((start, start + line))
}

/// Reads the document.
pub(crate) fn read(document: &[u8], wrapped_at: Option<usize>, facts: &mut Facts) {
    let text = match wrapped_at {
        Some(width) => View::plain(&unwrap_lines(document, width)),
        None => View::plain(document),
    }
    .into_string();
    let value = |key: &str| {
        let at = text.find(key)? + key.len();
        let rest = text[at..].trim_start_matches([' ', '\n', ':', '"']);
        rest.split('"').next().map(str::to_owned)
    };
    // Runs of backslashes are one after normalising; a device path begins with two.
    facts.volume_path = value("\"VolumePath\"")
        .filter(|path| !path.is_empty())
        .map(|path| match path.strip_prefix(r"\?\") {
            Some(rest) => format!(r"\\?\{rest}"),
            None => path,
        });
    facts.hyperv_isolated = text.find("\"HvPartition\"").and_then(|at| {
        let rest = text[at + "\"HvPartition\"".len()..].trim_start_matches([' ', '\n', ':']);
        match rest {
            _ if rest.starts_with("true") => Some(true),
            _ if rest.starts_with("false") => Some(false),
            _ => None,
        }
    });
    let Some(layers) = text.find("\"Layers\"") else {
        return;
    };
    let layers = &text[layers..];
    let layers = &layers[..layers.find(']').unwrap_or(layers.len())];
    let ids = layers.match_indices("\"ID\"").filter_map(|(at, key)| {
        let rest = layers[at + key.len()..].trim_start_matches([' ', '\n', ':', '"']);
        let id = rest.split('"').next()?;
        let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        (!id.is_empty() && id.len() <= 64 && id.bytes().all(plain)).then(|| id.to_owned())
    });
    facts.layer_ids = ids.take(MOST_LAYERS).collect();
}
