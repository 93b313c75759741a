//! The verdict over arbitrary hosts and images: total, with a reason for every answer, every reason
//! with its sentence, and remedies that can be printed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::Catalog;
use winfit_core::engine::Engine;
use winfit_core::host::{Arch, Host, Isolation, Kind, Os};
use winfit_core::image::{Image, NamedImage};
use winfit_core::reason::Pair;
use winfit_core::remedy::{Situation, remedies};
use winfit_core::verdict::{ForKind, by_kind, judge};
use winfit_core::version::OsVersion;

const BUILDS: [u16; 16] = [
    9600, 14_393, 15_063, 16_299, 17_134, 17_763, 18_362, 18_363, 19_041, 19_045, 20_348, 22_631,
    25_398, 26_100, 26_200, 29_000,
];
const REVISIONS: [u32; 10] = [657, 658, 1039, 1040, 3194, 3504, 3506, 4061, 7623, 32_230];
const ENGINES: [&str; 8] = [
    "docker@18.09",
    "docker@29.6.2",
    "docker@29.6.2+containerd",
    "docker@99",
    "containerd@1.6.36",
    "containerd@2.0.0+client",
    "containerd@2.3.1",
    "containerd@main",
];
const NAMES: [&str; 5] = [
    "mcr.microsoft.com/windows/servercore:ltsc2022",
    "mcr.microsoft.com/windows/nanoserver:1809-KB4493509",
    "example.com/shop/web:1.0-windowsservercore-ltsc2019",
    "example.com/shop/web@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "microsoft/iis",
];

/// Takes choices off the input; zeros when it is used up.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::from(self.byte()) % list.len()]
    }

    fn version(&mut self) -> Option<OsVersion> {
        let build = match self.byte() % 8 {
            0 => self.word(),
            1 => return None,
            _ => self.of(&BUILDS),
        };
        let revision = match self.byte() % 4 {
            0 => None,
            1 => Some(u32::from(self.word())),
            _ => Some(self.of(&REVISIONS)),
        };
        let (major, minor) = match self.byte() {
            255 => (6, 3),
            254 => (self.word(), self.word()),
            _ => (10, 0),
        };
        Some(OsVersion {
            major,
            minor,
            build,
            revision,
        })
    }

    fn os(&mut self) -> Os {
        match self.byte() {
            255 => Os::Linux,
            _ => Os::Windows,
        }
    }

    fn arch(&mut self) -> Option<Arch> {
        self.of(&[None, None, Some(Arch::Amd64), Some(Arch::Arm64)])
    }

    fn isolation(&mut self) -> Option<Isolation> {
        self.of(&[None, Some(Isolation::Process), Some(Isolation::Hyperv)])
    }

    fn host(&mut self) -> Host {
        let engine: Option<Engine> = match self.byte() % 3 {
            0 => self.of(&ENGINES).parse().ok(),
            _ => None,
        };
        Host {
            os: self.os(),
            version: self.version(),
            kind: self.of(&[Kind::Server, Kind::Client, Kind::Unknown]),
            arch: self.arch(),
            hyperv: self.of(&[None, Some(true), Some(false)]),
            platform: self.of(&[None, Some(0), Some(1), Some(5), Some(255)]),
            engine,
            configured_isolation: self.isolation(),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let catalog = Catalog::builtin();
    let mut choices = Choices(bytes);
    let host = choices.host();
    let image = Image {
        os: choices.os(),
        version: choices.version(),
        revision_inferred: choices.byte() % 4 == 0,
        arch: choices.arch(),
        host_process: choices.byte() == 255,
        single_manifest: choices.byte() % 4 == 0,
    };
    let asked = choices.isolation();
    let verdict = judge(catalog, &host, &image);
    assert_eq!(verdict, judge(catalog, &host, &image));

    let pair = Pair {
        catalog,
        host: &host,
        image: &image,
    };
    let check = |answers: &ForKind| {
        for isolation in [Isolation::Process, Isolation::Hyperv] {
            let judgement = answers.of(isolation);
            assert!(judgement.reasons().next().is_some(), "no reason");
            for reason in judgement.reasons() {
                let rendered = pair.render(reason, isolation);
                assert!(!rendered.message.is_empty() && !rendered.source.is_empty());
            }
        }
    };
    check(&verdict.answers);
    if let Some((server, client)) = &by_kind(catalog, &host, &image) {
        check(server);
        check(client);
    }
    if let Some(pull) = &verdict.pull {
        assert!(!pair.render_pull(pull).is_empty());
    }

    if let Ok(mut named) = NamedImage::read(catalog, choices.of(&NAMES)) {
        named.image = image;
        let found = remedies(&Situation {
            catalog,
            image: &named,
            host: &host,
            verdict: &verdict,
            asked,
            today: winfit_core::Date::MIN,
            fleet: &[],
            pod: choices.byte() % 2 == 0,
        });
        for remedy in &found {
            assert!(!remedy.title.is_empty());
        }
    }
});
