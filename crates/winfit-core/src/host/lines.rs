//! The shapes of single lines: `key: value`, a prompt with a command, the registry's values, and
//! several fields that lost their line breaks.

/// A field and its value.
pub(super) struct Pair<'t> {
    pub(super) key: &'t str,
    pub(super) value: &'t str,
}

/// Splits `key: value`, `key : value`, `key=value` and `"key": "value",`.
pub(super) fn pair(text: &str) -> Option<Pair<'_>> {
    const LONGEST_KEY: usize = 120;
    let text = text.strip_prefix("- ").unwrap_or(text).trim_start();
    let mut head_end = text.len().min(LONGEST_KEY);
    while !text.is_char_boundary(head_end) {
        head_end -= 1;
    }
    let head = &text[..head_end];
    let colon = head.char_indices().find(|(at, c)| {
        (*c == ':'
            && text[at + 1..]
                .chars()
                .next()
                .is_none_or(char::is_whitespace))
            || *c == '：'
    });
    let (key, value) = if let Some((at, c)) = colon {
        (&text[..at], &text[at + c.len_utf8()..])
    } else {
        // `BuildNumber=17763` of wmic: one word before the sign.
        let at = head.find('=')?;
        let word = head[..at].bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !word || at == 0 {
            return None;
        }
        (&text[..at], &text[at + 1..])
    };
    let value = value.trim().trim_end_matches(',').trim_end();
    let value = value
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(value);
    Some(Pair {
        key: key.trim().trim_matches('"'),
        value,
    })
}

/// The command after a prompt: `C:\>ver`, `PS C:\Users\A> docker info`, `$ kubectl get nodes`.
pub(super) fn command(text: &str) -> Option<&str> {
    if let Some(command) = text.strip_prefix("$ ") {
        return Some(command.trim());
    }
    let path = text.strip_prefix("PS ").unwrap_or(text);
    let drive = path.as_bytes();
    let is_path =
        drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':' && drive[2] == b'\\';
    if !is_path {
        return None;
    }
    let (_, command) = path.split_once('>')?;
    Some(command.trim())
}

/// Names and values of `reg query`: `UBR    REG_DWORD    0x1b5`, one or several in a line.
pub(super) fn registry_values(text: &str) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    // Where each name starts, and where its value does.
    let mut marks: Vec<(usize, usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find("REG_") {
        let kind = at + next;
        at = kind + 4;
        let before = text[..kind].trim_end();
        let name = before.rfind(char::is_whitespace).map_or(0, |space| {
            space + before[space..].chars().next().map_or(1, char::len_utf8)
        });
        let value = text[kind..]
            .find(char::is_whitespace)
            .map_or(text.len(), |space| kind + space);
        if name < before.len() {
            marks.push((name, before.len(), value));
        }
    }
    for (index, (start, end, value)) in marks.iter().enumerate() {
        let value_end = marks.get(index + 1).map_or(text.len(), |(next, ..)| *next);
        found.push((
            &text[*start..*end],
            text.get(*value..value_end).unwrap_or_default().trim(),
        ));
    }
    found
}

/// Fields that a page may print without the line breaks between them.
const BROKEN: &[&str] = &[
    "Name:",
    "Role:",
    "Roles:",
    "Labels:",
    "Annotations:",
    "Taints:",
    "CreationTimestamp:",
    "Conditions:",
    "Addresses:",
    "Hostname:",
    "Capacity:",
    "System Info:",
    "Machine ID:",
    "System UUID:",
    "Boot ID:",
    "Kernel Version:",
    "OS Image:",
    "Operating System:",
    "Architecture:",
    "Container Runtime Version:",
    "Kubelet Version:",
    "Kube-Proxy Version:",
    "Server Version:",
    "Storage Driver:",
    "Logging Driver:",
    "Default Isolation:",
    "OSType:",
    "CPUs:",
    "Total Memory:",
    "Host Name:",
    "OS Name:",
    "OS Version:",
    "OS Manufacturer:",
    "OS Configuration:",
    "OS Build Type:",
    "Registered Owner:",
    "Product ID:",
    "System Type:",
    "BIOS Version:",
    "Hotfix(s):",
    "Network Card(s):",
    "Namespace:",
    "Node:",
    "Status:",
    "Node-Selectors:",
    "Tolerations:",
    "Containers:",
];

/// Breaks a line that holds several fields into one piece for each; other lines stay whole.
pub(super) fn unflatten(line: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut fields = 0;
    for (at, _) in line.match_indices(':') {
        if !line[at + 1..].starts_with([' ', '\t']) && at + 1 < line.len() {
            continue;
        }
        let head = &line[..=at];
        let field = BROKEN
            .iter()
            .filter(|field| head.ends_with(**field))
            .max_by_key(|field| field.len());
        let Some(field) = field else {
            continue;
        };
        let start = at + 1 - field.len();
        let whole = start == 0 || line[..start].ends_with([' ', '\t']);
        if whole {
            fields += 1;
            if start > 0 && cuts.last().is_none_or(|last| *last < start) {
                cuts.push(start);
            }
        }
    }
    if fields < 2 {
        return vec![line];
    }
    cuts.push(line.len());
    cuts.windows(2).map(|cut| &line[cut[0]..cut[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        let split = |text| pair(text).map(|pair| (pair.key, pair.value));
        assert_eq!(
            split("OS Name:    Microsoft Windows"),
            Some(("OS Name", "Microsoft Windows"))
        );
        assert_eq!(split("UBR : 437"), Some(("UBR", "437")));
        assert_eq!(
            split("\"OSVersion\": \"10.0.17763\","),
            Some(("OSVersion", "10.0.17763"))
        );
        assert_eq!(split("Version=10.0.17763"), Some(("Version", "10.0.17763")));
        assert_eq!(split("kubernetes.io/os=windows"), None);
        assert_eq!(split("System UUID:"), Some(("System UUID", "")));
        assert_eq!(split("C:\\Windows"), None);
        assert_eq!(split("OS 名:  Microsoft"), Some(("OS 名", "Microsoft")));
    }

    #[test]
    fn prompts() {
        assert_eq!(command("C:\\>ver"), Some("ver"));
        assert_eq!(
            command("PS C:\\Users\\A> (Get-X 'HKLM:\\').B"),
            Some("(Get-X 'HKLM:\\').B")
        );
        assert_eq!(command("$ kubectl get node"), Some("kubectl get node"));
        assert_eq!(command("C:\\Windows"), None);
    }

    #[test]
    fn registry_lines() {
        assert_eq!(
            registry_values("    UBR    REG_DWORD    0x1b5"),
            [("UBR", "0x1b5")]
        );
        assert_eq!(
            registry_values(
                "CurrentBuild REG_SZ 17763 ProductName REG_SZ Windows Server 2019 UBR REG_DWORD 0x1"
            ),
            [
                ("CurrentBuild", "17763"),
                ("ProductName", "Windows Server 2019"),
                ("UBR", "0x1")
            ]
        );
        assert!(registry_values("REG_SZ").is_empty());
    }

    #[test]
    fn lost_line_breaks() {
        assert_eq!(
            unflatten("Name: a Labels: x=y Kernel Version: 10.0.1"),
            ["Name: a ", "Labels: x=y ", "Kernel Version: 10.0.1"]
        );
        assert_eq!(
            unflatten(" Host Name: a  OS Name: b"),
            [" ", "Host Name: a  ", "OS Name: b"]
        );
        assert_eq!(unflatten(" Name: a"), [" Name: a"]);
    }
}
