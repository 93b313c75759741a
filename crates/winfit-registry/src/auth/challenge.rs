//! `WWW-Authenticate`: what a registry wants of who asks (RFC 9110, section 11).

/// The most that is read of one header.
const LONGEST: usize = 16 * 1024;

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Its scheme, in lower case.
    pub(crate) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter, by its name in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter();
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The challenges of a header, in order. What cannot be read of it is passed over: servers and proxies
/// write much that no grammar has, and a challenge that is lost shows as a refusal, never as a leak.
pub(crate) fn parse(header: &str) -> Vec<Challenge> {
    let mut rest = Cursor(&header.as_bytes()[..header.len().min(LONGEST)]);
    let mut challenges: Vec<Challenge> = Vec::new();
    loop {
        rest.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
        if rest.0.is_empty() {
            return challenges;
        }
        let word = rest.take(is_token);
        if word.is_empty() {
            // No word starts here: what follows, to the next comma, is none of ours.
            rest.skip(|byte| byte != b',');
            continue;
        }
        let word = word.to_ascii_lowercase();
        rest.skip(is_space);
        if !rest.eat(b'=') {
            challenges.push(Challenge {
                scheme: word,
                parameters: Vec::new(),
            });
            continue;
        }
        rest.skip(is_space);
        let value = if rest.eat(b'"') {
            rest.quoted()
        } else if matches!(rest.0.first(), None | Some(b'=' | b',')) {
            // `Basic YWJj==`: no parameter, but data with its padding.
            rest.skip(|byte| byte == b'=');
            continue;
        } else {
            // Realms are written without quotes too, and hold what no token may.
            rest.take(|byte| !is_space(byte) && byte != b',')
        };
        if let Some(challenge) = challenges.last_mut() {
            challenge.parameters.push((word, value));
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> String {
        let end = self.0.iter().position(|&byte| !wanted(byte));
        let (taken, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        String::from_utf8_lossy(taken).into_owned()
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        let end = self.0.iter().position(|&byte| !wanted(byte));
        self.0 = &self.0[end.unwrap_or(self.0.len())..];
    }

    fn eat(&mut self, wanted: u8) -> bool {
        match self.0.split_first() {
            Some((&first, rest)) if first == wanted => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// The rest of a quoted string; one that does not end goes to the end of the header.
    fn quoted(&mut self) -> String {
        let mut text = Vec::new();
        while let Some((&first, rest)) = self.0.split_first() {
            self.0 = rest;
            match first {
                b'"' => break,
                b'\\' => {
                    if let Some((&escaped, rest)) = self.0.split_first() {
                        text.push(escaped);
                        self.0 = rest;
                    }
                }
                byte => text.push(byte),
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(header: &str) -> Vec<String> {
        let one = |challenge: &Challenge| {
            let parameters: Vec<String> = challenge
                .parameters
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            format!("{} {}", challenge.scheme, parameters.join("; "))
        };
        parse(header).iter().map(one).collect()
    }

    #[test]
    fn what_registries_write() {
        for (header, wanted) in [
            (
                r#"Basic realm="Registry Realm""#,
                &["basic realm=Registry Realm"][..],
            ),
            (
                r#"Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push""#,
                &[
                    "bearer realm=https://auth.example.com/token; service=registry.example.com; scope=repository:a/b:pull,push",
                ],
            ),
            // Several challenges in one header.
            (
                r#"Basic realm="a, b", Bearer realm="https://c",service="d""#,
                &["basic realm=a, b", "bearer realm=https://c; service=d"],
            ),
            // Odd spacing, odd case, no quotes, no commas, stray commas.
            (
                "  ,BEARER\t Realm = \"https://c\" ,, Service=d",
                &["bearer realm=https://c; service=d"],
            ),
            (
                "bearer realm=https://c/t?x=y service=d",
                &["bearer realm=https://c/t?x=y; service=d"],
            ),
            // Escapes, and a quote that never ends.
            (
                r#"Basic realm="say \"hi\" \\""#,
                &[r#"basic realm=say "hi" \"#],
            ),
            (r#"Basic realm="open"#, &["basic realm=open"]),
            // Data instead of parameters, and what is no grammar at all.
            (
                "Negotiate YWJj==, Basic realm=x",
                &["negotiate ", "basic realm=x"],
            ),
            ("Basic", &["basic "]),
            ("(((, Basic realm=x", &["basic realm=x"]),
            ("realm=lost", &[]),
            ("", &[]),
        ] {
            assert_eq!(shown(header), wanted, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_to_its_end(header in "[ ,=\"\\\\a-zA-Z/:é\t]{0,200}") {
            parse(&header);
        }

        #[test]
        fn what_is_quoted_comes_back(realm in "[ -~]{0,40}", service in "[ -~]{0,40}") {
            let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let header = format!("Bearer realm=\"{}\" , service=\"{}\"", quote(&realm), quote(&service));
            let challenges = parse(&header);
            proptest::prop_assert_eq!(challenges.len(), 1);
            proptest::prop_assert_eq!(challenges[0].parameter("realm"), Some(realm.as_str()));
            proptest::prop_assert_eq!(challenges[0].parameter("service"), Some(service.as_str()));
        }
    }
}
