//! A change for people: the answer, the two sides, who runs them, what to write instead.

use winfit_core::host::{Isolation, Kind, Os};
use winfit_core::image_change::{
    ChangeKind, Runs, ServerRow, Side, Told, servers, stay, with_update,
};
use winfit_core::reason::windows_name;
use winfit_core::verdict::Verdict;
use winfit_core::{Catalog, Date};

use super::{Compared, capitalised, facts, label};
use crate::output::{bold, columns, printable, wrap};

pub(super) fn human(catalog: &Catalog, compared: &[Compared<'_>], today: Date) -> String {
    let blocks: Vec<String> = compared
        .iter()
        .map(|compared| block(catalog, compared, today))
        .collect();
    blocks.join("\n")
}

fn block(catalog: &Catalog, compared: &Compared<'_>, today: Date) -> String {
    let change = &compared.change;
    let mut text = bold(&wrap(&headline(catalog, compared), "", ""));
    text.push_str("\n\n");
    let rows = [("old", &change.old), ("new", &change.new)].map(|(label, side)| {
        vec![
            label.to_owned(),
            printable(&side.image.text),
            side_in_words(catalog, side),
        ]
    });
    text.push_str(&sides(&rows));
    let table = table(catalog, compared, today);
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&columns(&table, "  "));
    }
    let remarks = remarks(catalog, compared);
    if !remarks.is_empty() {
        text.push('\n');
    }
    for remark in remarks {
        text.push_str(&wrap(&remark, "  note  ", "        "));
        text.push('\n');
    }
    if let Some(reference) = stay(catalog, change).filter(|_| !compared.passes()) {
        let title = format!("stay on {}", change.old.windows(catalog));
        text.push('\n');
        text.push_str(&wrap(&title, "  1  ", "     "));
        text.push_str(&format!("\n       {}\n", printable(&reference.to_string())));
    }
    text.push_str(&how_to_settle(compared));
    text
}

/// The answer; of hosts that were given, how they take it.
pub(super) fn headline(catalog: &Catalog, compared: &Compared<'_>) -> String {
    let change = &compared.change;
    if change.new.image.is_doubtful() {
        let name = printable(&change.new.image.short());
        return format!("{name} is no image that is published (see the notes).");
    }
    let sentence = printable(&capitalised(catalog, change));
    let run = compared
        .hosts
        .iter()
        .filter(|host| host.new.fits(None))
        .count();
    match (compared.hosts.len(), run) {
        (0, _) => format!("{sentence}."),
        (1, 1) => format!("{sentence}; the host runs it."),
        (1, _) => format!("{sentence}; the host does not run it by itself."),
        (2, 2) => format!("{sentence}; both hosts run it."),
        (all, run) if all == run => format!("{sentence}; all {all} hosts run it."),
        (all, run) => format!("{sentence}; {run} of {all} hosts run it by themselves."),
    }
}

/// The image on a line of its own where the two do not fit side by side.
fn sides(rows: &[Vec<String>]) -> String {
    let table = columns(rows, "  ");
    if table
        .lines()
        .all(|line| line.chars().count() <= crate::output::width())
    {
        return table;
    }
    rows.iter()
        .map(|row| {
            let windows = wrap(&row[2], "       ", "       ");
            format!("  {}  {}\n{windows}\n", row[0], row[1])
        })
        .collect()
}

/// `Windows Server 2019, 17763.437 (KB4493509 of 2019-04-09)`.
pub(super) fn side_in_words(catalog: &Catalog, side: &Side<'_>) -> String {
    let Some(version) = side.level.version else {
        return match side.os {
            Some(Os::Linux) => "Linux, by its name".to_owned(),
            Some(Os::Windows) => "Windows, its version not stated".to_owned(),
            None => "not stated".to_owned(),
        };
    };
    let name = windows_name(catalog, version.build, Kind::Server);
    let level = with_update(&side.level);
    match side.level.told {
        Told::Floating => format!("{name}, floats; today {level}"),
        Told::Digest => format!("{name}, {level}, its revision by digest"),
        Told::Pinned | Told::Untold => format!("{name}, {level}"),
    }
}

/// Who runs the old image and who the new one: the hosts that were given, else the servers that still
/// have support.
pub(super) fn table(catalog: &Catalog, compared: &Compared<'_>, today: Date) -> Vec<Vec<String>> {
    let mut rows = vec![["host", "old", "new"].map(str::to_owned).to_vec()];
    if !compared.hosts.is_empty() {
        rows.extend(compared.hosts.iter().map(|on| {
            vec![
                label(on.host),
                on_host(&on.old).to_owned(),
                on_host(&on.new).to_owned(),
            ]
        }));
        return rows;
    }
    let change = &compared.change;
    if change.kind != ChangeKind::Build {
        return Vec::new();
    }
    let servers = servers(catalog, &facts(&change.old), &facts(&change.new));
    rows.extend(
        servers
            .into_iter()
            .filter(|row| is_told(row, today))
            .map(|row| {
                vec![
                    row.release.to_owned(),
                    row.old.name().to_owned(),
                    row.new.name().to_owned(),
                ]
            }),
    );
    rows
}

/// A release that still has support, and that runs one of the two.
fn is_told(row: &ServerRow<'_>, today: Date) -> bool {
    let supported = row.support_end >= today || row.old == Runs::Process;
    supported && (row.old, row.new) != (Runs::No, Runs::No)
}

/// How a host runs an image by itself, and with which isolation otherwise.
fn on_host(verdict: &Verdict) -> &'static str {
    if verdict.pull_refused() {
        return "not pulled";
    }
    let default = verdict.default_isolation;
    let of = |isolation| verdict.answers.of(isolation).answer;
    if of(default).runs() {
        return "yes";
    }
    match (default.other(), of(default.other()).runs()) {
        (Isolation::Hyperv, true) => "only hyperv",
        (Isolation::Process, true) => "only process",
        _ => of(default).name(),
    }
}

/// Remarks of the change, and what is odd about the images.
pub(super) fn remarks(catalog: &Catalog, compared: &Compared<'_>) -> Vec<String> {
    let change = &compared.change;
    let mut remarks: Vec<String> = change
        .remarks(catalog)
        .iter()
        .map(|remark| printable(remark))
        .collect();
    for side in [&change.old, &change.new] {
        for note in &side.image.notes {
            let note = printable(&note.message);
            if !remarks.contains(&note) {
                remarks.push(note);
            }
        }
    }
    remarks
}

/// Where nothing states a version: how to get it.
fn how_to_settle(compared: &Compared<'_>) -> String {
    let change = &compared.change;
    if change.kind != ChangeKind::Unknown {
        return String::new();
    }
    let mut text = wrap(
        "To settle it, learn the versions where the images are, and give them to winfit:",
        "  ",
        "  ",
    );
    text.push('\n');
    let mut given = String::new();
    for side in [&change.old, &change.new] {
        if side.level.version.is_none() {
            let image = printable(&side.image.text);
            text.push_str(&format!(
                "    docker image inspect --format \"{{{{.OsVersion}}}}\" {image}\n"
            ));
            given.push_str(&format!(" --image-version {image}=VERSION"));
        }
    }
    format!("\n{text}    winfit image-change OLD NEW{given}\n")
}
