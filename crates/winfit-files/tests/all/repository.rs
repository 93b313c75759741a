//! Finding files in a tree: what is read, what is left alone, and what hostile trees do.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use winfit_core::Catalog;
use winfit_files::overlay::Overlay;
use winfit_files::repository::{Facts, MOST_BYTES, ReadOptions, Repository, read};

/// A folder of its own that goes away with the test.
pub(crate) struct Tree(std::path::PathBuf);

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Tree {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let at = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("winfit-{}-{at}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let tree = Self(folder);
        for (name, text) in files {
            tree.write(name, text.as_bytes());
        }
        tree
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn read(&self) -> Repository {
        let options = ReadOptions {
            paths: vec![self.0.clone()],
            ..ReadOptions::default()
        };
        read(Catalog::builtin(), &options)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // What is left behind in the temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The files that were read, as `kind path`.
fn kinds(tree: &Tree, repository: &Repository) -> Vec<String> {
    let folder = tree.0.to_string_lossy().replace('\\', "/");
    repository
        .files
        .iter()
        .map(|file| {
            let kind = match &file.facts {
                Facts::Dockerfile(_) => "dockerfile",
                Facts::Compose(_) => "compose",
                Facts::Kubernetes(_) => "kubernetes",
                Facts::Daemon(_) => "daemon",
                Facts::Script(_) => "script",
                Facts::Template(_) => "template",
                Facts::Part => "part",
                Facts::Config => "config",
                Facts::NotThere => "not there",
                Facts::Broken(_) => "broken",
            };
            let path = file.source.name.trim_start_matches(&folder);
            format!("{kind} {}", path.trim_start_matches('/'))
        })
        .collect()
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n";
const SERVICES: &str = "services:\n  web:\n    image: contoso/web\n";

#[test]
fn files_are_found_by_name_and_content() {
    let tree = Tree::new(&[
        ("Dockerfile", "FROM scratch\n"),
        ("dockerfile", "FROM scratch\n"),
        ("web/Dockerfile.windows", "FROM scratch\n"),
        ("web/app.Dockerfile", "FROM scratch\n"),
        ("web/Containerfile", "FROM scratch\n"),
        ("web/Dockerfile-nano", "# escape=`\nARG A=1\nFROM scratch\n"),
        (
            "src/dockerfile.go",
            "package dockerfile\n\nimport \"strings\"\n",
        ),
        ("src/Dockerfile.md", "# Our Dockerfile\n\nIt is good.\n"),
        (".dockerignore", "FROM\n"),
        ("web/Dockerfile.dockerignore", "FROM\n"),
        ("compose.yaml", SERVICES),
        ("old/fig.yml", "web:\n  image: contoso/web\n"),
        ("deploy/pod.yml", POD),
        (
            "deploy/pod.json",
            "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}",
        ),
        ("package.json", "{\"name\": \"a\"}"),
        ("values.yaml", "image: contoso/web\n"),
        (".github/workflows/ci.yml", "on: push\njobs: {}\n"),
        ("engine/daemon.json", "{}"),
        (
            "install.ps1",
            "dockerd --register-service --exec-opt isolation=hyperv\n",
        ),
        ("build.ps1", "Write-Host hello\n"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: a\n"),
        (
            "chart/templates/pod.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  {{- if .Values.os }}\n  {{- end }}\n",
        ),
        ("overlay/kustomization.yaml", "resources: [../deploy]\n"),
        (".git/Dockerfile", "FROM scratch\n"),
        ("winfit.toml", "hosts = [\"ltsc2022\"]\n"),
    ]);
    let found = kinds(&tree, &tree.read());
    let expected = [
        "dockerfile Dockerfile",
        "compose compose.yaml",
        "template chart/templates/pod.yaml",
        "kubernetes deploy/pod.json",
        "kubernetes deploy/pod.yml",
        "dockerfile dockerfile",
        "daemon engine/daemon.json",
        "script install.ps1",
        "template overlay/kustomization.yaml",
        "dockerfile web/Containerfile",
        "dockerfile web/Dockerfile-nano",
        "dockerfile web/Dockerfile.windows",
        "dockerfile web/app.Dockerfile",
        "config winfit.toml",
    ];
    for expected in expected {
        assert!(
            found.iter().any(|found| found == expected),
            "{expected} in {found:#?}"
        );
    }
    for left_alone in [
        "src/",
        "package.json",
        "values.yaml",
        "ci.yml",
        "build.ps1",
        ".git/",
        "ignore",
    ] {
        assert!(
            !found.iter().any(|found| found.contains(left_alone)),
            "{left_alone} in {found:#?}"
        );
    }
}

#[test]
fn gitignore_and_exclude_are_honoured_and_named_files_are_read() {
    let tree = Tree::new(&[
        (".gitignore", "out/\n*.tmp.yaml\n"),
        ("out/Dockerfile", "FROM scratch\n"),
        ("a.tmp.yaml", POD),
        ("legacy/Dockerfile", "FROM scratch\n"),
        ("web/Dockerfile", "FROM scratch\n"),
        ("winfit.toml", "exclude = [\"legacy/**\"]\n"),
    ]);
    assert_eq!(
        kinds(&tree, &tree.read()),
        ["dockerfile web/Dockerfile", "config winfit.toml"]
    );
    let options = ReadOptions {
        paths: vec![tree.path().join("out/Dockerfile")],
        ..ReadOptions::default()
    };
    let named = read(Catalog::builtin(), &options);
    assert!(
        kinds(&tree, &named).contains(&"dockerfile out/Dockerfile".to_owned()),
        "{:?}",
        kinds(&tree, &named)
    );
}

#[test]
fn a_missing_path_is_told_and_the_rest_is_read() {
    let tree = Tree::new(&[("Dockerfile", "FROM scratch\n")]);
    let options = ReadOptions {
        paths: vec![tree.path().join("nowhere"), tree.path().to_owned()],
        ..ReadOptions::default()
    };
    let repository = read(Catalog::builtin(), &options);
    assert_eq!(repository.files.len(), 1);
    assert_eq!(repository.unread.len(), 1);
    assert_eq!(repository.unread[0].reason, "there is no such file");
}

#[test]
fn a_file_too_large_is_told_and_not_read() {
    let tree = Tree::new(&[("web/Dockerfile", "FROM scratch\n")]);
    let size = usize::try_from(MOST_BYTES).unwrap() + 1;
    tree.write("Dockerfile", &vec![b'#'; size]);
    tree.write("data.yaml", &vec![b'a'; size]);
    let mut large = POD.as_bytes().to_vec();
    large.resize(size, b'#');
    tree.write("pods.yaml", &large);
    let repository = tree.read();
    assert_eq!(
        kinds(&tree, &repository),
        [
            "broken Dockerfile",
            "broken pods.yaml",
            "dockerfile web/Dockerfile"
        ]
    );
    assert_eq!(repository.files[0].problems[0].rule, "too-large");
}

#[test]
fn bytes_that_are_no_text_are_told_where_a_name_says_that_they_matter() {
    let tree = Tree::new(&[]);
    tree.write("Dockerfile", b"FROM scratch\n\xff\xfe\x00");
    tree.write("data.yaml", b"apiVersion: \xff\nkind: Pod\n");
    let repository = tree.read();
    assert_eq!(kinds(&tree, &repository), ["broken Dockerfile"]);
    assert_eq!(
        repository.files[0].problems[0].message,
        "this is no text: byte 13 is neither UTF-8 nor UTF-16"
    );
}

#[test]
fn utf_16_and_byte_order_marks_are_read() {
    let tree = Tree::new(&[]);
    let text = "FROM mcr.microsoft.com/windows/servercore:ltsc2022\r\n";
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    tree.write("a/Dockerfile", &utf16);
    tree.write("b/Dockerfile", format!("\u{feff}{text}").as_bytes());
    for file in tree.read().files {
        let Facts::Dockerfile(dockerfile) = &file.facts else {
            panic!("{}", file.source.name)
        };
        let base = &dockerfile.stages[0].base;
        assert_eq!(base.value, "mcr.microsoft.com/windows/servercore:ltsc2022");
        assert_eq!(base.origin.span.unwrap().column, 6);
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_pipes_are_not_opened() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let tree = Tree::new(&[("web/Dockerfile", "FROM scratch\n")]);
    symlink(tree.path(), tree.path().join("web/loop")).unwrap();
    symlink("Dockerfile", tree.path().join("web/again.Dockerfile")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(tree.path().join("Dockerfile"))
        .status()
        .unwrap();
    assert!(made.success());
    // A path that is no UTF-8 is read, and shown as far as it can be.
    let odd = tree.path().join(std::ffi::OsStr::from_bytes(b"we\xffb"));
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("Dockerfile"), "FROM scratch\n").unwrap();
    assert_eq!(
        kinds(&tree, &tree.read()),
        [
            "dockerfile web/Dockerfile",
            "dockerfile we\u{fffd}b/Dockerfile"
        ]
    );
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_told_and_the_rest_is_read() {
    use std::os::unix::fs::PermissionsExt;

    let tree = Tree::new(&[
        ("Dockerfile", "FROM scratch\n"),
        ("closed/Dockerfile", "FROM scratch\n"),
    ]);
    let closed = tree.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let repository = tree.read();
    // Whoever may read everything (root) meets no closed folder.
    if fs::read_dir(&closed).is_err() {
        assert_eq!(kinds(&tree, &repository), ["dockerfile Dockerfile"]);
        assert_eq!(repository.unread[0].reason, "it may not be read");
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(repository.files.len() + repository.unread.len(), 2);
}

#[test]
fn files_that_only_the_overlay_has_are_read_with_the_others() {
    let tree = Tree::new(&[("Dockerfile", "FROM a\n")]);
    let mut overlay = Overlay::default();
    for (name, text) in [
        ("Dockerfile", "FROM b\n"),
        ("new/Dockerfile", "FROM c\n"),
        ("new/notes.txt", "FROM d\n"),
        ("old/Dockerfile", "FROM e\n"),
        ("winfit.toml", "exclude = [\"old/**\"]\n"),
    ] {
        overlay.put(&tree.path().join(name), text.as_bytes().to_vec());
    }
    let mut options = ReadOptions {
        paths: vec![tree.path().to_owned()],
        overlay,
        ..ReadOptions::default()
    };
    let repository = read(Catalog::builtin(), &options);
    assert_eq!(
        kinds(&tree, &repository),
        [
            "dockerfile Dockerfile",
            "dockerfile new/Dockerfile",
            "config winfit.toml"
        ]
    );
    assert!(
        repository
            .source(&repository.files[0].source.name)
            .unwrap()
            .text
            .contains('b')
    );
    // A new file by its own path.
    options.paths = vec![tree.path().join("new/Dockerfile")];
    let repository = read(Catalog::builtin(), &options);
    assert_eq!(
        kinds(&tree, &repository),
        ["dockerfile new/Dockerfile", "config winfit.toml"]
    );
    assert!(repository.unread.is_empty());
    // Elsewhere it is none of this tree's.
    options.paths = vec![Tree::new(&[]).path().to_owned()];
    assert!(read(Catalog::builtin(), &options).files.is_empty());
}

#[test]
fn a_daemon_json_that_winfit_toml_names_need_not_be_there() {
    let of = |path: &str, others: &[(&str, &str)]| {
        let config = format!("daemon_json = {path:?}\n");
        let mut files = vec![
            ("winfit.toml", config.as_str()),
            ("sub/Dockerfile", "FROM scratch\n"),
        ];
        files.extend(others);
        let tree = Tree::new(&files);
        let repository = tree.read();
        let problems: Vec<String> = repository
            .files
            .iter()
            .flat_map(|file| &file.problems)
            .map(|problem| problem.message.replace(&*tree.0.to_string_lossy(), "TREE"))
            .collect();
        (kinds(&tree, &repository), problems, repository.count())
    };
    let (found, problems, count) = of("hosts/daemon.json", &[]);
    assert_eq!(
        found,
        [
            "not there hosts/daemon.json",
            "dockerfile sub/Dockerfile",
            "config winfit.toml"
        ]
    );
    assert_eq!((problems.len(), count), (0, 1));
    // One that .gitignore keeps out of the tree was named all the same.
    let there = [("hosts/daemon.json", "{}"), (".gitignore", "hosts\n")];
    let (found, problems, _) = of("hosts/daemon.json", &there);
    assert_eq!(
        found,
        [
            "daemon hosts/daemon.json",
            "dockerfile sub/Dockerfile",
            "config winfit.toml"
        ]
    );
    assert_eq!(problems, Vec::<String>::new());
    // Nothing is made or read outside of what was given.
    for path in [
        "../daemon.json",
        "/daemon.json",
        "sub/../../elsewhere/daemon.json",
    ] {
        let (found, problems, _) = of(path, &[]);
        assert_eq!(
            found,
            ["dockerfile sub/Dockerfile", "config winfit.toml"],
            "{path}"
        );
        assert_eq!(problems.len(), 1, "{path}");
        assert!(problems[0].contains("cannot be read: "), "{problems:?}");
    }
    // A folder of that name is none.
    let (_, problems, _) = of("sub/daemon.json", &[("sub/daemon.json/x", "")]);
    assert_eq!(
        problems,
        ["\"TREE/sub/daemon.json\" cannot be read: it is no file"]
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_not_followed_to_make_a_file() {
    let tree = Tree::new(&[("winfit.toml", "daemon_json = \"daemon.json\"\n")]);
    std::os::unix::fs::symlink("/nowhere/daemon.json", tree.0.join("daemon.json")).unwrap();
    let repository = tree.read();
    assert_eq!(kinds(&tree, &repository), ["config winfit.toml"]);
    assert_eq!(repository.files[0].problems.len(), 1);
}
