//! `daemon.json` and scripts: any text is read, every place lies in it, and what is no JSON is told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_files::daemon::{read, read_script};
use winfit_files::source::Source;

fuzz_target!(|text: &str| {
    let source = Source::of_text("daemon.json", text);
    let (daemon, problems) = read(&source);
    let places = problems.iter().map(|problem| &problem.origin);
    let values = daemon.keys.iter().chain(&daemon.exec_opts);
    for origin in places.chain(values.map(|value| &value.origin)) {
        if let Some(span) = origin.span {
            assert!(text.get(span.start..span.end).is_some());
        }
    }
    for command in read_script(&source) {
        for option in &command.exec_opts {
            let Some(span) = option.origin.span else {
                panic!("an option of a script stands somewhere");
            };
            assert_eq!(&text[span.start..span.end], option.value);
        }
    }
});
