//! winfit.toml: what it says, and how mistakes in it are told.

use std::path::Path;

use winfit_core::Catalog;
use winfit_core::fleet::{Orchestrator, Role, State};
use winfit_core::host::{Isolation, Kind};
use winfit_files::config::{BaseTags, Config, read};
use winfit_files::source::Source;

fn config(text: &str) -> (Config, Vec<String>) {
    let source = Source::of_text("winfit.toml", text);
    let (config, problems) = read(Catalog::builtin(), &source, Path::new("shop"));
    let problems = problems
        .into_iter()
        .map(|problem| {
            let span = problem
                .origin
                .span
                .expect("problems of winfit.toml have places");
            format!("{}:{}: {}", span.line, span.column, problem.message)
        })
        .collect();
    (config, problems)
}

#[test]
fn a_fleet_is_declared_in_a_line_or_in_tables() {
    let (short, problems) = config("hosts = [\"ltsc2019\", \"17763.437,server\"]\n");
    assert_eq!(problems, Vec::<String>::new());
    let names: Vec<&str> = short.hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["ltsc2019", "17763.437,server"]);

    let (long, problems) = config(
        r#"
engine = "docker@29.6.2"
orchestrator = "swarm"
isolation = "hyperv"
eol_within = "90d"
base_tags = "pinned"
daemon_json = "hosts/daemon.json"
exclude = ["legacy/**"]

[[hosts]]
name = "win-a"
host = "ws2016+KB4041691"
labels = { OS = "windows", OsVersion = "10.0.14393" }
taints = ["os=windows:NoSchedule", "gpu:NoExecute"]
role = "worker"
address = "10.0.0.7"
state = "drained"
isolation = "process"

[images."contoso/myimage"]
os_version = "10.0.17763.437"

[images."contoso/web"]
dockerfile = "web/Dockerfile"

[registries]
"registry.contoso.com/mcr" = "mcr.microsoft.com"

[[ignore]]
rule = "base-behind-patches"
path = "old/**"
reason = "they go away in spring"
"#,
    );
    assert_eq!(problems, Vec::<String>::new());
    let host = &long.hosts[0];
    assert_eq!(host.name, "win-a");
    assert_eq!(host.host.version.unwrap().short(), "14393.1770");
    assert_eq!(host.host.kind, Kind::Server);
    assert_eq!(host.host.engine.unwrap().to_string(), "docker@29.6.2");
    assert_eq!(host.host.configured_isolation, Some(Isolation::Process));
    assert_eq!(host.orchestrator, Some(Orchestrator::Swarm));
    assert_eq!(host.role, Some(Role::Worker));
    assert_eq!(host.state, State::Drained);
    assert_eq!(host.labels.known["OsVersion"], "10.0.14393");
    assert_eq!(host.taints.as_ref().unwrap()[1].effect, "NoExecute");
    assert_eq!(host.origin.as_ref().unwrap().line(), Some(12));
    let daemon_json = long.daemon_json.as_ref().map(|named| named.path.as_path());
    assert_eq!(daemon_json, Some(Path::new("shop/hosts/daemon.json")));
    assert_eq!(long.eol_within, Some(90));
    assert_eq!(long.base_tags, Some(BaseTags::Pinned));
    assert_eq!(
        long.images[1].dockerfile.as_deref(),
        Some(Path::new("shop/web/Dockerfile"))
    );
    assert_eq!(long.mirrors[0].of, "mcr.microsoft.com");
    assert_eq!(long.ignores[0].path.as_deref(), Some("old/**"));
}

#[test]
fn hosts_of_swarm_and_kubernetes_are_servers() {
    let (config, _) = config("orchestrator = \"kubernetes\"\nhosts = [\"17763\"]\n");
    assert_eq!(config.hosts[0].host.kind, Kind::Server);
}

/// One mistake a row, and the place and sentence that tell it.
#[test]
fn mistakes_are_told_with_their_place_and_a_way_out() {
    let table = [
        ("hosts = \"ltsc2019\"", "1:9: expected a list of hosts"),
        (
            "hosts = [\"22H2\"]",
            "1:10: \"22H2\" names several releases",
        ),
        ("hosts = [\"ltsc2020\"]", "1:10: "),
        (
            "hosts = [\"auto\"]",
            "1:10: winfit.toml names hosts by version or release",
        ),
        (
            "hosts = [\"@nodes.txt\"]",
            "1:10: winfit.toml names hosts by version or release",
        ),
        (
            "hosts = [{ name = \"a\" }]",
            "1:10: this host states no version",
        ),
        ("hosts = [17763]", "1:10: a host is a text"),
        (
            "host = \"ltsc2019\"",
            "1:1: winfit.toml has no key \"host\" here; did you mean hosts?",
        ),
        (
            "[[hosts]]\nhost = \"ltsc2019\"\nlabel = {}",
            "3:1: winfit.toml has no key \"label\" here; did you mean labels?",
        ),
        (
            "[[hosts]]\nhost = \"ltsc2019\"\ntaints = [\"os=windows\"]",
            "3:11: a taint is written",
        ),
        (
            "[[hosts]]\nhost = \"ltsc2019\"\ntaints = [\"os=windows:Never\"]",
            "3:11: the effect of a taint",
        ),
        ("engine = \"podman\"", "1:10: \"podman\" names no engine"),
        (
            "platform = \"mars\"",
            "1:12: \"mars\" is no platform; expected one of",
        ),
        ("hyperv = \"no\"", "1:10: expected true or false"),
        (
            "daemon_json = \"hosts/engine.json\"",
            "1:15: the engine reads a file called daemon.json; name one",
        ),
        (
            "daemon_json = 7",
            "1:15: expected a path, as \"hosts/daemon.json\"",
        ),
        ("eol_within = -1", "1:14: eol_within is a number of days"),
        ("base_tags = \"both\"", "1:13: base_tags is"),
        (
            "[images.\"Contoso/App\"]\nos_version = \"10.0.17763\"",
            "1:9: ",
        ),
        (
            "[images.\"contoso/app\"]\nos_version = \"ltsc2019\"",
            "2:14: ",
        ),
        ("[[ignore]]\npath = \"a\"", "1:1: this names no rule"),
        ("a = 1\na = 2", "2:1: this is no TOML: duplicate key"),
        ("hosts = [", "this is no TOML"),
    ];
    for (text, expected) in table {
        let (_, problems) = config(text);
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{text:?}\n  expected {expected:?}\n  found {problems:#?}"
        );
    }
}

#[test]
fn what_is_right_beside_a_mistake_is_read() {
    let (config, problems) = config("hosts = [\"ltsc2019\", \"nonsense\"]\nplatform = 5\n");
    assert_eq!(config.hosts.len(), 1);
    assert_eq!(problems.len(), 2);
}

#[test]
fn two_hosts_of_one_name_are_told() {
    let (_, problems) = config("hosts = [\"ltsc2019\", \"ltsc2019\"]\n");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("two hosts are called"), "{problems:?}");
}

proptest::proptest! {
    /// Bytes of any kind, and TOML of its own keys: a mistake has a place within the text.
    #[test]
    fn no_text_breaks_the_reader(
        text in "\\PC{0,80}|((hosts|host|name|labels|taints|\\[\\[hosts\\]\\]|\\[images\\.\"a/b\"\\]|os_version|=|\"ltsc2019\"|\"é\"|\\[|\\]|\\{|\\}|,|\n| |5|true){0,30})"
    ) {
        let source = Source::of_text("winfit.toml", &text);
        let (_, problems) = read(Catalog::builtin(), &source, Path::new(""));
        for problem in problems {
            let span = problem.origin.span.expect("a mistake has a place");
            proptest::prop_assert!(text.get(span.start..span.end).is_some());
        }
    }
}
