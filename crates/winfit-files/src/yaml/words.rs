//! What is wrong with a text that is no YAML, in words for people who write manifests.

use granit_parser::ErrorKind;
use winfit_core::finding::Origin;

use super::read::DEEPEST;
use crate::problem::Problem;
use crate::source::Source;

/// The problem that a parser's complaint about the byte `at` stands for.
pub(super) fn problem(source: &Source, at: usize, kind: &ErrorKind) -> Problem {
    let origin = place(source, at);
    if *kind == ErrorKind::RecursionLimitExceeded {
        return Problem::error(
            "too-large",
            origin,
            format!(
                "more than {DEEPEST} collections stand in one another here, too deep to be read"
            ),
        );
    }
    let (message, label) = sentence(kind);
    Problem::error("broken-file", origin, format!("this is no YAML: {message}")).label(label)
}

/// The character at a byte; nothing where the text or the line ends there.
fn place(source: &Source, at: usize) -> Origin {
    let at = source.text.floor_char_boundary(at.min(source.text.len()));
    let width = source.text[at..]
        .chars()
        .next()
        .filter(|character| !character.is_control() || *character == '\t')
        .map_or(0, char::len_utf8);
    source.origin(at, at + width)
}

/// What is wrong, and a few words for under the place.
fn sentence(kind: &ErrorKind) -> (String, &'static str) {
    use ErrorKind as Kind;
    let (message, label) = match kind {
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInPlainScalar => (
            "a tab stands where lines are indented, and YAML takes only spaces there",
            "a tab",
        ),
        Kind::MappingValueNotAllowed | Kind::MappingKeyNotAllowed | Kind::InvalidColonPlacement => {
            (
                "a key cannot stand here; a line break before it is missing, or its indentation differs \
             from its neighbours'",
                "no key can stand here",
            )
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => (
            "this line has neither a key with a colon nor a dash",
            "a \":\" is missing",
        ),
        Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation => (
            "this line's indentation fits no line above it",
            "indented unlike its neighbours",
        ),
        Kind::ExpectedBlockSequenceEntry => (
            "a dash is expected here, as before the other elements of this list",
            "no dash",
        ),
        Kind::BlockSequenceEntryNotAllowed | Kind::BlockEntryInFlowCollection => (
            "a list with dashes cannot start here",
            "no dash can stand here",
        ),
        Kind::UnclosedQuotedScalar => ("a quote is opened and never closed", "opened here"),
        Kind::DocumentIndicatorInQuotedScalar => (
            "a quote that is opened above is still open where the next document starts",
            "the quote before it is not closed",
        ),
        Kind::InvalidQuotedScalarIndent => (
            "a quote that is opened above is not closed, or this line of it is indented too little",
            "still between quotes",
        ),
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            ("text follows the closing quote", "nothing can stand here")
        }
        Kind::UnknownQuotedScalarEscape => (
            "between double quotes a backslash starts an escape, and this is none; single quotes \
             keep backslashes, as 'C:\\app'",
            "no escape",
        ),
        Kind::UnclosedFlowCollection { open: '{' } => {
            ("a { is opened and never closed", "opened here")
        }
        Kind::UnclosedFlowCollection { .. } => ("a [ is opened and never closed", "opened here"),
        Kind::UnexpectedEofFlowMapping | Kind::UnexpectedEofImplicitFlowMapping => (
            "the text ends inside a { that is never closed",
            "a } is missing",
        ),
        Kind::UnexpectedEofFlowSequence => (
            "the text ends inside a [ that is never closed",
            "a ] is missing",
        ),
        Kind::MisplacedFlowCollectionEnd => ("this bracket closes nothing", "nothing is open"),
        Kind::ExpectedFlowMappingSeparator => (
            "between { and } a comma separates the entries, and none stands here; a value that \
             holds {{ needs quotes",
            "a comma or } is expected",
        ),
        Kind::ExpectedFlowSequenceSeparator => (
            "between [ and ] a comma separates the elements, and none stands here",
            "a comma or ] is expected",
        ),
        Kind::UnexpectedCharacter { .. } => (
            "no value can start with this character; quotes make it text",
            "needs quotes",
        ),
        Kind::MissingAnchorOrAliasName => (
            "a value that starts with * or & is an alias or an anchor and needs a name; quotes make \
             it text",
            "needs quotes",
        ),
        Kind::UnsupportedYamlMajorVersion => ("only YAML 1 is read", ""),
        Kind::InvalidBlockScalarIndent => (
            "a line of this block of text is indented less than its first",
            "indented too little",
        ),
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("a {open} is closed by a {close}"),
                "the wrong bracket",
            );
        }
        other => return (other.to_string(), ""),
    };
    (message.to_owned(), label)
}
