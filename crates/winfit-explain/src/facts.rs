//! What the line around a message tells about the thing that failed.
//!
//! Log lines, event rows and task rows are read on the line itself; what stands elsewhere in a
//! `describe` output or an object is the business of [`crate::describe`] and [`crate::objects`].

use memchr::memrchr;

use crate::diagnosis::SubjectKind;

/// How an occurrence was reported; decides how it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// A line of a log or a terminal: each is one time.
    #[default]
    Line,
    /// A status: says that it happened, not how often.
    Status,
    /// An event with its own count.
    Event(u64),
    /// A row of `docker service ps`.
    Task,
    /// A row of `docker service ls`.
    Service,
}

/// What is known about the thing that failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) form: Form,
    pub(crate) kind: Option<SubjectKind>,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) node: Option<String>,
    pub(crate) container: Option<String>,
    pub(crate) container_id: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) task: Option<String>,
    pub(crate) task_id: Option<String>,
    pub(crate) node_selectors: Vec<(String, String)>,
    pub(crate) layer_ids: Vec<String>,
    pub(crate) volume_path: Option<String>,
    pub(crate) hyperv_isolated: Option<bool>,
    pub(crate) replicas: Option<(u64, u64)>,
    /// The pod's sandbox failed, not a container of the user's.
    pub(crate) sandbox: bool,
}

/// The line of a message, in three parts.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) before: String,
    pub(crate) message: String,
    pub(crate) after: String,
    /// Lines before, for what `docker build` and `docker run` say first.
    pub(crate) earlier: String,
}

/// Reads all that the line tells.
pub(crate) fn read(line: &Line) -> Facts {
    let mut facts = Facts::default();
    task_row(&line.before, &mut facts);
    let before = event_row(&line.before, &mut facts);
    pod(before, &line.after, &mut facts);
    container(before, line, &mut facts);
    facts.sandbox = [
        "FailedCreatePodSandBox",
        "FailedCreatePodSandbox",
        "CreatePodSandbox",
        "RunPodSandbox",
        "create pod sandbox",
        "sandbox container for pod",
        "create sandbox",
        "start sandbox",
    ]
    .iter()
    .any(|words| tail(before, 900).contains(words));
    facts.image = facts.image.take().or_else(|| image(before, line));
    if facts.node.is_none() {
        facts.node = value_of(before, &line.after, &["node=", "nodeName=", "node_name="]);
    }
    if facts.kind.is_none() && (facts.container_id.is_some() || facts.container.is_some()) {
        facts.kind = Some(SubjectKind::Container);
        facts.name = facts.container.take();
    }
    facts
}

/// The last place of `key`. Keys end in punctuation, which is rarer than what they begin with.
fn rfind(text: &str, key: &str) -> Option<usize> {
    let (text, key) = (text.as_bytes(), key.as_bytes());
    let last = *key.last()?;
    let mut end = text.len();
    while let Some(at) = memrchr(last, &text[..end]) {
        if text[..=at].ends_with(key) {
            return Some(at + 1 - key.len());
        }
        end = at;
    }
    None
}

/// The last `most` bytes, from the start of a character.
fn tail(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// A name as Kubernetes, Swarm and Docker write them.
pub(crate) fn name_in(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')))
        .unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.');
    (!name.is_empty() && name.len() <= 253).then(|| name.to_owned())
}

/// A full or short container id.
pub(crate) fn is_id(text: &str) -> bool {
    (12..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `ID [\_] NAME.N IMAGE NODE DESIRED …`, a row of `docker service ps` or `docker stack ps`.
fn task_row(before: &str, facts: &mut Facts) {
    const DESIRED: [&str; 7] = [
        "Shutdown", "Running", "Ready", "Accepted", "Remove", "Complete", "Failed",
    ];
    let tokens: Vec<&str> = tail(before, 800).split_whitespace().collect();
    for at in (4..tokens.len()).rev() {
        if !DESIRED.contains(&tokens[at]) {
            continue;
        }
        let (name, image, node) = (tokens[at - 3], tokens[at - 2], tokens[at - 1]);
        let id = if tokens[at - 4].starts_with('\\') && at >= 5 {
            tokens[at - 5]
        } else {
            tokens[at - 4]
        };
        let Some((service, slot)) = name.rsplit_once('.') else {
            continue;
        };
        // Replicated tasks are numbered, global ones carry the node's id.
        let numbered = !slot.is_empty() && slot.bytes().all(|byte| byte.is_ascii_digit());
        if !is_swarm_id(id) || !(numbered || is_swarm_id(slot)) || service.is_empty() {
            continue;
        }
        facts.form = Form::Task;
        facts.kind = Some(SubjectKind::Service);
        facts.name = Some(service.to_owned());
        facts.task = Some(name.to_owned());
        facts.task_id = Some(id.chars().take(12).collect());
        facts.image = Some(image.to_owned());
        facts.node = Some(node.to_owned());
        return;
    }
}

/// The ids of Swarm: twenty-five characters, twelve when shortened.
pub(crate) fn is_swarm_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    matches!(text.len(), 12 | 25) && text.bytes().all(plain)
}

/// The event that the message is in; gives the text of that event alone.
///
/// Three layouts: `describe` before 1.9 (`33m 2m 11 kubelet, NODE spec.containers{C} Warning
/// Failed …`), `describe` since (`Warning Failed 2m (x11 over 33m) kubelet …`), and
/// `kubectl get events` (`2m Warning Failed pod/NAME …`).
fn event_row<'a>(before: &'a str, facts: &mut Facts) -> &'a str {
    let Some(at) = rfind(before, "Warning ") else {
        return before;
    };
    let rest = &before[at + "Warning ".len()..];
    let reason = rest.split(' ').next().unwrap_or_default();
    let is_reason = reason.starts_with(|c: char| c.is_ascii_uppercase())
        && reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_reason || facts.form == Form::Task || rest.len() > 1000 {
        return before;
    }
    let columns = tail(&before[..at], 300);
    let mut count = repeated(rest).or_else(|| {
        let near = tail(columns, 60);
        rfind(near, "(x").and_then(|at| repeated(&near[at..]))
    });
    let mut from = at;
    if let Some(kubelet) = rfind(columns, "kubelet, ") {
        let node = columns[kubelet + "kubelet, ".len()..].split(' ').next();
        facts.node = node.and_then(name_in);
        let number = columns[..kubelet].trim_end().rsplit(' ').next();
        count = count.or_else(|| number.and_then(|number| number.parse().ok()));
        from = at - (columns.len() - kubelet);
    } else if let Some(pod) = rfind(columns, " Pod ") {
        // `kubectl get events` before 1.13: LASTSEEN FIRSTSEEN COUNT NAME KIND …
        let mut words = columns[..pod].rsplit(' ');
        let name = words.next().and_then(|name| name.rsplit_once('.'));
        if let Some((name, _)) = name {
            facts.kind = Some(SubjectKind::Pod);
            facts.name = name_in(name);
            count = count.or_else(|| words.next().and_then(|number| number.parse().ok()));
        }
        from = at - (columns.len() - pod);
    } else if rest.contains("pod/") {
        // `-A` puts the namespace first; otherwise the first column is an age.
        let first = columns.trim_start().split(' ').next().unwrap_or_default();
        let age = first.starts_with(|c: char| c.is_ascii_digit()) || first.starts_with('<');
        if !age {
            facts.namespace = name_in(first);
        }
    }
    if facts.node.is_none()
        && let Some(kubelet) = rest.find("kubelet, ")
    {
        facts.node = name_in(&rest[kubelet + "kubelet, ".len()..]);
    }
    facts.form = Form::Event(count.unwrap_or(1).max(1));
    &before[from..]
}

/// `(x11 over 33m)`.
fn repeated(text: &str) -> Option<u64> {
    let at = text.find("(x")?;
    let number = text[at + 2..].split(' ').next()?;
    number.trim_end_matches(')').parse().ok()
}

/// The pod, from the spellings of kubelet, containerd and `kubectl get events`.
fn pod(before: &str, after: &str, facts: &mut Facts) {
    if facts.form == Form::Task || facts.name.is_some() {
        return;
    }
    let mut take = |name: Option<String>, namespace: Option<String>| {
        if name.is_some() {
            facts.kind = Some(SubjectKind::Pod);
            facts.name = name;
            facts.namespace = facts.namespace.take().or(namespace);
        }
    };
    // containerd: &PodSandboxMetadata{Name:web,Uid:…,Namespace:shop,Attempt:0,}
    if let Some(at) = rfind(before, "PodSandboxMetadata{") {
        let rest = &before[at..];
        let field = |key: &str| {
            rest.find(key)
                .and_then(|at| name_in(&rest[at + key.len()..]))
        };
        return take(field("Name:"), field("Namespace:"));
    }
    for text in [tail(before, 900), after] {
        for key in ["pod=\"", "pod=", "pod: \"", "pod:"] {
            if let Some(at) = rfind(text, key) {
                let value = &text[at + key.len()..];
                if let Some(namespace) = name_in(value)
                    && let Some(name) = value[namespace.len()..].strip_prefix('/')
                {
                    return take(name_in(name), Some(namespace));
                }
                // dockershim: container=web pod=web-0_shop(uid)
                if let Some((name, namespace)) = underscored(value) {
                    return take(Some(name), Some(namespace));
                }
            }
        }
        for key in [
            "for pod \"",
            "in pod \"",
            "pod \"",
            "in pod ",
            "for pod ",
            "(\"",
            "pod_name=\"",
        ] {
            let Some(at) = rfind(text, key) else {
                continue;
            };
            let value = &text[at + key.len()..];
            if let Some((name, namespace)) = underscored(value) {
                return take(Some(name), Some(namespace));
            }
            if key.contains("pod") && key.ends_with('"') {
                return take(name_in(value), None);
            }
        }
        if let Some(at) = rfind(text, "pod/") {
            return take(name_in(&text[at + "pod/".len()..]), None);
        }
    }
}

/// `web-0_shop(6a07aaf3-…)`.
fn underscored(text: &str) -> Option<(String, String)> {
    let whole = name_in(text)?;
    if !text[whole.len()..].starts_with('(') {
        return None;
    }
    let (name, namespace) = whole.split_once('_')?;
    Some((name.to_owned(), namespace.to_owned()))
}

/// The container's id, or its name.
fn container(before: &str, line: &Line, facts: &mut Facts) {
    let near = tail(before, 900);
    for key in [
        "spec.containers{",
        "spec.initContainers{",
        "failed to start container \"",
        "\"StartContainer\" for \"",
        "ContainerMetadata{Name:",
        "&Container{Name:",
        "containerName=\"",
    ] {
        if let Some(at) = rfind(near, key) {
            let value = name_in(&near[at + key.len()..]);
            match value {
                Some(id) if is_id(&id) => facts.container_id = Some(id),
                other => facts.container = other,
            }
            break;
        }
    }
    let after_word = |text: &str, word: &str| {
        let at = rfind(text, word)?;
        name_in(&text[at + word.len()..])
    };
    let named = after_word(&line.message, "ComputeSystem ")
        .or_else(|| {
            let at = rfind(near, " encountered an error during")?;
            let start = rfind(&near[..at], "container ")? + "container ".len();
            (at - start <= 253).then(|| name_in(&near[start..at]))?
        })
        .or_else(|| after_word(near, "ComputeSystem "))
        .or_else(|| after_word(near, "Hyper-V Container '"))
        .or_else(|| after_word(near, "StartContainer for \""));
    match named {
        Some(id) if is_id(&id) => facts.container_id = Some(id),
        // ctr and old kubelets use the container's name as its id.
        Some(name) if facts.container.is_none() => facts.container = Some(name),
        _ => {}
    }
}

/// The image, where a pull or the container's own description names it.
fn image(before: &str, line: &Line) -> Option<String> {
    let near = tail(before, 1200);
    for key in [
        "pull image \"",
        "pull and unpack image \"",
        "unpack image \"",
        "sandbox image \"",
        "image with reference ",
        "source metadata for ",
        "metadata for ",
        "resolve image \"",
        "resolve reference \"",
        "image=\"",
        "image \"",
        ",Image:",
        "Unable to find image '",
        "docker pull ",
        "image: \"",
    ] {
        if let Some(at) = rfind(near, key)
            && let Some(image) = reference(&near[at + key.len()..])
        {
            return Some(image);
        }
    }
    for key in ["image=\"", "image: \""] {
        if let Some(at) = line.after.find(key)
            && let Some(image) = reference(&line.after[at + key.len()..])
        {
            return Some(image);
        }
    }
    for key in ["Unable to find image '", ": FROM ", "docker pull "] {
        if let Some(at) = rfind(&line.earlier, key)
            && let Some(image) = reference(&line.earlier[at + key.len()..])
        {
            return Some(image);
        }
    }
    None
}

/// The image reference that a text begins with.
pub(crate) fn reference(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@".contains(c);
    let end = text.find(|c: char| !plain(c)).unwrap_or(text.len());
    let reference = text[..end].trim_end_matches([':', '.']);
    let begins = reference.starts_with(|c: char| c.is_ascii_alphanumeric());
    (begins && reference.len() <= 512).then(|| reference.to_owned())
}

/// The value of a `key=value` or `key="value"`.
fn value_of(before: &str, after: &str, keys: &[&str]) -> Option<String> {
    for text in [tail(before, 900), after] {
        for key in keys {
            let Some(at) = rfind(text, key) else {
                continue;
            };
            let own = text[..at].ends_with([' ', ',', '{']) || at == 0;
            let value = text[at + key.len()..].trim_start_matches('"');
            if own && let Some(name) = name_in(value) {
                return Some(name);
            }
        }
    }
    None
}

/// Whether an image's name says that it is for Windows.
pub(crate) fn says_windows(image: &str) -> bool {
    let image = image.to_ascii_lowercase();
    ["windows", "nanoserver", "servercore", "ltsc20", "iis"]
        .iter()
        .any(|word| image.contains(word))
}
