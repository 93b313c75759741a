//! A verdict for people: the answer, why, what to do.

use winfit_core::Catalog;
use winfit_core::host::{Isolation, Os};
use winfit_core::image::StatedBy;
use winfit_core::reason::{Pair, RenderedReason, telling};
use winfit_core::remedy::Remedy;
use winfit_core::verdict::{Answer, Judgement, Reason, by_kind};

use super::{Judged, label};
use crate::output::{answer, bold, columns, faint, printable, wrap};

impl Judged<'_> {
    /// The first line: the answer.
    pub(crate) fn headline(&self, catalog: &Catalog) -> String {
        let image = printable(&self.image.short());
        let pair = self.pair(catalog);
        let host = match &self.host.name {
            Some(name) => format!("{} ({})", printable(name), pair.host_name()),
            None => pair.host_name(),
        };
        let verdict = &self.verdict;
        let isolation = self.isolation();
        let named = |isolation| match isolation {
            Isolation::Process => "process isolation",
            Isolation::Hyperv => "Hyper-V isolation",
        };
        let asked = verdict.answers.of(isolation).answer;
        let other = verdict.answers.of(isolation.other()).answer;
        if self.image.is_doubtful() && (asked.runs() || asked == Answer::Unknown) {
            return format!("{image} is no image that is published (see the notes).");
        }
        if verdict.pull_refused() && asked == Answer::No && other.runs() {
            return format!(
                "{image} runs on {host} only with {}, and this engine will not pull it.",
                named(isolation.other())
            );
        }
        if verdict.pull_refused() && asked.runs() {
            return format!("{image} would run on {host}, but this engine will not pull it.");
        }
        if verdict.pull_refused() && asked == Answer::Unknown {
            return format!(
                "Whether {image} would run on {host} cannot be told, and this engine will not pull it."
            );
        }
        match (asked, other) {
            (Answer::Yes, Answer::Yes)
                if self.asked.is_none() && isolation == Isolation::Hyperv =>
            {
                format!("{image} runs on {host} with either isolation.")
            }
            (Answer::Yes, _) if self.asked.is_none() && isolation == Isolation::Process => {
                format!("{image} runs on {host}.")
            }
            (Answer::Yes, _) => format!("{image} runs on {host} with {}.", named(isolation)),
            (Answer::Preview, _) => format!(
                "{image} runs on {host} as a preview, with {}.",
                named(isolation)
            ),
            (Answer::Risk, Answer::Yes | Answer::Preview) => format!(
                "{image} may fail on {host}; with {} it runs.",
                named(isolation.other())
            ),
            (Answer::Risk, _) => format!("{image} may fail on {host}."),
            (Answer::Unknown, Answer::Yes | Answer::Preview) => format!(
                "{image} runs on {host} with {}; whether with {} cannot be told.",
                named(isolation.other()),
                named(isolation)
            ),
            (Answer::Unknown, _) => format!("Whether {image} runs on {host} cannot be told."),
            (Answer::No, Answer::Yes | Answer::Preview) => format!(
                "{image} runs on {host} only with {}.",
                named(isolation.other())
            ),
            (Answer::No, Answer::Risk) => format!(
                "{image} does not run on {host} with {}, and may fail with {}.",
                named(isolation),
                named(isolation.other())
            ),
            (Answer::No, _) => format!("{image} does not run on {host}."),
        }
    }
}

/// A label in front of a wrapped sentence.
fn line(label: &str, answer_word: &str, width: usize, sentence: &str) -> String {
    const LABEL: usize = 9;
    let indent = " ".repeat(2 + LABEL + width);
    let wrapped = wrap(sentence, &indent, &indent);
    let body = wrapped.get(indent.len()..).unwrap_or_default();
    format!("  {label:LABEL$}{answer_word}{body}\n")
}

/// The rule of a reason, who says so, and where.
fn source_line(words: &RenderedReason, width: usize) -> String {
    let source = format!(
        "[{}: {}] {}",
        words.authority.name(),
        words.rule,
        words.source
    );
    line("", &" ".repeat(width), width, &source)
}

/// The image and host rows, in columns.
fn sides(catalog: &Catalog, judged: &Judged<'_>, verbose: bool) -> String {
    let pair = judged.pair(catalog);
    let image = judged.image;
    let host = judged.host;
    let image_version = match image.image.version {
        Some(version) if image.image.revision_inferred => version.without_revision().to_string(),
        Some(version) => version.to_string(),
        None => "not stated".to_owned(),
    };
    let image_source = match image.image.version {
        None if !matches!(image.stated_by, StatedBy::Registry | StatedBy::Config) => "",
        _ => image.stated_by.in_words(),
    };
    let image_name = match image.image.version {
        None if image.image.os == Os::Windows => "Windows".to_owned(),
        _ => pair.image_name(),
    };
    let host_version = host
        .host
        .version
        .map_or_else(|| "not stated".to_owned(), |version| version.to_string());
    // The KB that gave the revision, where one did.
    let by_kb = host.host.version.and_then(|version| {
        host.kb.iter().find(|kb| {
            catalog.updates_of_kb(**kb).iter().any(|update| {
                update.build == version.build && Some(update.revision) == version.revision
            })
        })
    });
    let host_source = match (&host.name, by_kb) {
        (Some(name), _) => printable(name),
        (None, Some(kb)) => format!("from KB{kb}"),
        (None, None) => "as given".to_owned(),
    };
    let rows = [
        ["image", &image_name, &image_version, image_source],
        ["host", &pair.host_name(), &host_version, &host_source],
    ];
    let name = rows
        .iter()
        .map(|row| row[1].chars().count())
        .max()
        .unwrap_or(0);
    let version = rows
        .iter()
        .map(|row| row[2].chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for [label, release, number, source] in rows {
        let line = format!("  {label:9}{release:name$}   {number:version$}   {source}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if let Some(digest) = image.digest.as_ref().filter(|_| verbose) {
        text.push_str(&format!("  {:9}{}\n", "digest", printable(digest)));
    }
    if let Some(engine) = host.host.engine {
        text.push_str(&format!("  {:9}{}\n", "engine", engine.in_words()));
    }
    text
}

pub(super) fn human(catalog: &Catalog, judged: &[Judged<'_>], verbose: bool) -> String {
    let mut text = String::new();
    if judged.len() > 1 {
        text.push_str(&overview(judged));
    }
    // Of several pairs, those that fit have said all in their row.
    let told = judged
        .iter()
        .filter(|pair| verbose || judged.len() == 1 || !pair.fits());
    for (at, (first, alike)) in alike(told).into_iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&block(catalog, first, verbose));
        if !alike.is_empty() {
            text.push('\n');
            text.push_str(&wrap(
                &format!("The same on {}.", names(&alike)),
                "  ",
                "  ",
            ));
            text.push('\n');
        }
    }
    if !verbose {
        text.push('\n');
        text.push_str(&faint("  -v shows rules and sources."));
        text.push('\n');
    }
    text
}

/// Pairs of one image with hosts that are alike in all facts are told once.
fn alike<'j, 'a>(
    pairs: impl Iterator<Item = &'j Judged<'a>>,
) -> Vec<(&'j Judged<'a>, Vec<&'j Judged<'a>>)> {
    // A fleet has few kinds of hosts; where it has many, some are told twice.
    const LOOK_BACK: usize = 64;
    let mut groups: Vec<(&Judged<'_>, Vec<&Judged<'_>>)> = Vec::new();
    for pair in pairs {
        let known = groups
            .iter_mut()
            .rev()
            .take(LOOK_BACK)
            .find(|(first, _)| first.host.host == pair.host.host && first.image == pair.image);
        match known {
            Some((_, alike)) => alike.push(pair),
            None => groups.push((pair, Vec::new())),
        }
    }
    groups
}

/// The names of some hosts, the first few of many.
fn names(pairs: &[&Judged<'_>]) -> String {
    const MOST: usize = 5;
    let shown: Vec<String> = pairs
        .iter()
        .take(MOST)
        .map(|pair| label(pair.host))
        .collect();
    match pairs.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Several pairs: one row each, before each that does not fit is told.
fn overview(judged: &[Judged<'_>]) -> String {
    let fit = judged.iter().filter(|judged| judged.fits()).count();
    let mut text = bold(&format!("{fit} of {} pairs run.", judged.len()));
    text.push_str("\n\n");
    let mut rows = vec![
        ["image", "host", "process", "hyperv", "pull"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for judged in judged {
        let answers = &judged.verdict.answers;
        rows.push(vec![
            printable(&judged.image.short()),
            label(judged.host),
            answers.process.answer.name().to_owned(),
            answers.hyperv.answer.name().to_owned(),
            judged
                .verdict
                .pull
                .map_or_else(|| "-".to_owned(), |pull| pull.answer.name().to_owned()),
        ]);
    }
    text.push_str(&columns(&rows, "  "));
    if fit < judged.len() {
        text.push('\n');
    }
    text
}

/// All that is said of one pair, for people.
pub(crate) fn block(catalog: &Catalog, judged: &Judged<'_>, verbose: bool) -> String {
    let pair = judged.pair(catalog);
    let mut text = bold(&wrap(&judged.headline(catalog), "", ""));
    text.push_str("\n\n");
    text.push_str(&sides(catalog, judged, verbose));
    text.push('\n');
    let width = [Isolation::Process, Isolation::Hyperv]
        .into_iter()
        .map(|isolation| judged.verdict.answers.of(isolation).answer.name().len())
        .chain(judged.verdict.pull.map(|pull| pull.answer.name().len()))
        .max()
        .unwrap_or(3)
        + 3;
    let of = |isolation| judged.verdict.answers.of(isolation);
    let alike = !verbose && same_sentences(&pair, of(Isolation::Process), of(Isolation::Hyperv));
    for isolation in [Isolation::Process, Isolation::Hyperv] {
        let judgement = of(isolation);
        let word = answer(judgement.answer, width);
        if alike && isolation == Isolation::Hyperv {
            text.push_str(&line("hyperv", &word, width, "for the same reason"));
            continue;
        }
        let reasons: Vec<Reason> = if verbose {
            judgement.reasons().collect()
        } else {
            // The one that decides, and the authorities' disagreements beside it.
            let telling = telling(catalog, judgement);
            let beside = judgement.reasons().filter(|reason| {
                matches!(
                    reason,
                    Reason::TwoWordings | Reason::EnginesAcceptEqualBuilds
                )
            });
            telling.into_iter().chain(beside).collect()
        };
        for (at, reason) in reasons.into_iter().enumerate() {
            let words = pair.render(reason, isolation);
            let (label, word) = if at == 0 {
                (isolation.name(), word.clone())
            } else {
                ("", " ".repeat(width))
            };
            text.push_str(&line(label, &word, width, &words.message));
            if verbose {
                text.push_str(&source_line(&words, width));
            }
        }
        if let (true, Some((server, client))) = (
            judgement
                .reasons()
                .any(|reason| reason == Reason::KindUnknown),
            by_kind(catalog, &judged.host.host, &judged.image.image),
        ) {
            let sentence = format!(
                "as a server: {}; as a client: {}",
                server.of(isolation).answer.name(),
                client.of(isolation).answer.name()
            );
            text.push_str(&line("", &" ".repeat(width), width, &sentence));
        }
    }
    if let Some(pull) = &judged.verdict.pull {
        for words in pair.render_pull(pull) {
            text.push_str(&line(
                "pull",
                &answer(pull.answer, width),
                width,
                &words.message,
            ));
            if verbose {
                text.push_str(&source_line(&words, width));
            }
        }
    }
    text.push_str(&remarks(judged));
    text.push_str(&how_to_settle(judged));
    text.push_str(&remedies_text(&judged.remedies));
    text
}

/// Whether both isolations have the same answer, for the same reasons in the same words.
fn same_sentences(pair: &Pair<'_>, process: &Judgement, hyperv: &Judgement) -> bool {
    let sentence = |judgement, isolation| {
        telling(pair.catalog, judgement).map(|reason| pair.render(reason, isolation).message)
    };
    process.answer == hyperv.answer
        && sentence(process, Isolation::Process) == sentence(hyperv, Isolation::Hyperv)
}

fn remarks(judged: &Judged<'_>) -> String {
    let mut sentences: Vec<String> = judged
        .host
        .inferred
        .iter()
        .map(|note| printable(note))
        .collect();
    sentences.extend(judged.notes.iter().map(|note| printable(&note.message)));
    let mut text = String::new();
    for (at, sentence) in sentences.iter().enumerate() {
        if at == 0 {
            text.push('\n');
        }
        text.push_str(&line("note", "", 0, sentence));
    }
    text
}

/// Where a missing fact leaves the answer open: how to get it.
fn how_to_settle(judged: &Judged<'_>) -> String {
    let Some(reference) = &judged.image.reference else {
        return String::new();
    };
    let image = &judged.image.image;
    let open = image.os == Os::Windows && image.version.is_none() && !image.host_process;
    // Of what is not there nothing can be learnt.
    if !open || judged.image.missing {
        return String::new();
    }
    // Of what its registry does not state, only the image itself can tell more.
    let (how, online) = if judged.image.variants.is_some() {
        ("learn the version where the image is", String::new())
    } else {
        (
            "ask its registry, or learn the version where the image is",
            format!("    winfit check {reference} --online --host …\n"),
        )
    };
    let ask = wrap(
        &format!("To settle it, {how}, and give it to winfit:"),
        "  ",
        "  ",
    );
    format!(
        "\n{ask}\n{online}    docker image inspect --format \"{{{{.OsVersion}}}}\" {reference}\n    winfit check {reference} --image-version VERSION --host …\n  A Linux image is told by --image-os linux.\n"
    )
}

/// Remedies, numbered, ready to paste.
pub(crate) fn remedies_text(remedies: &[Remedy]) -> String {
    let mut text = String::new();
    for (at, remedy) in remedies.iter().enumerate() {
        if at == 0 {
            text.push('\n');
        }
        let title = if at == 0 {
            remedy.title.clone()
        } else {
            format!("or {}", remedy.title)
        };
        let number = format!("  {}  ", at + 1);
        text.push_str(&wrap(&title, &number, "     "));
        text.push('\n');
        if let Some(diff) = remedy.diff.as_ref().filter(|diff| diff.starts_with("---")) {
            for changed in diff.lines().filter(|line| !line.starts_with("---")) {
                let shown = changed.strip_prefix("+++ ").unwrap_or(changed);
                text.push_str(&format!("       {shown}\n"));
            }
        }
        for command in &remedy.commands {
            let label = match command.shell {
                winfit_core::remedy::Shell::PowerShell => "PowerShell",
                winfit_core::remedy::Shell::Sh => "sh",
                _ => "",
            };
            if !label.is_empty() {
                text.push_str(&format!("       {}\n", faint(&format!("# {label}"))));
            }
            for line in command.text.lines() {
                text.push_str(&format!("       {}\n", printable(line)));
            }
        }
    }
    text
}
