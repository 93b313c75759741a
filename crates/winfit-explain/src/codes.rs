//! The codes of the Host Compute Service, in every spelling that engines print.
//!
//! Each code exists as `0xC03701xx` (`ERROR_VMCOMPUTE_*`) and mostly as `0x803701xx` (`HCS_E_*`).
//! Result documents print them as signed decimals (`"Error":-1070137087`), some tools as unsigned
//! ones. Sources: `zerrors_windows.go` of `golang.org/x/sys`, Microsoft's list of HCS results.

/// What a code means to somebody whose container does not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The image is for another Windows.
    Mismatch,
    /// Hyper-V isolation is asked for and Hyper-V is missing.
    HypervMissing,
    /// Not an error: the operation goes on.
    Pending,
    /// The container's first process vanished; unequal patch levels are one cause.
    UnexpectedExit,
    /// A layer's format is unknown to this Windows.
    UnknownLayer,
    /// The image is a preview for Windows Insiders.
    Insider,
    /// A result that has nothing to do with versions.
    Other,
}

/// One code of the table.
#[derive(Debug)]
pub(crate) struct Hcs {
    /// The last byte of the code.
    pub(crate) low: u8,
    /// The constant's name, without its prefix.
    pub(crate) name: &'static str,
    /// What happened, as the end of a sentence that begins "Windows reports that".
    pub(crate) plain: &'static str,
    /// What it means.
    pub(crate) class: Class,
}

const fn hcs(low: u8, name: &'static str, plain: &'static str, class: Class) -> Hcs {
    Hcs {
        low,
        name,
        plain,
        class,
    }
}

/// Every code that is documented or seen.
pub(crate) const TABLE: &[Hcs] = &[
    hcs(
        0x00,
        "TERMINATED_DURING_START",
        "the container exited unexpectedly while it was starting",
        Class::Other,
    ),
    hcs(
        0x01,
        "IMAGE_MISMATCH",
        "the container's Windows does not match the host's",
        Class::Mismatch,
    ),
    hcs(
        0x02,
        "HYPERV_NOT_INSTALLED",
        "Hyper-V is not installed",
        Class::HypervMissing,
    ),
    hcs(
        0x03,
        "OPERATION_PENDING",
        "the operation goes on",
        Class::Pending,
    ),
    hcs(
        0x04,
        "TOO_MANY_NOTIFICATIONS",
        "too many callbacks are registered for notifications",
        Class::Other,
    ),
    hcs(
        0x05,
        "INVALID_STATE",
        "the container's present state does not allow what was asked",
        Class::Other,
    ),
    hcs(
        0x06,
        "UNEXPECTED_EXIT",
        "the container exited unexpectedly",
        Class::UnexpectedExit,
    ),
    hcs(
        0x07,
        "TERMINATED",
        "the container was forced to exit",
        Class::Other,
    ),
    hcs(
        0x08,
        "CONNECT_FAILED",
        "no connection to the container could be made",
        Class::Other,
    ),
    hcs(
        0x09,
        "TIMEOUT",
        "the container did not answer in time",
        Class::Other,
    ),
    hcs(
        0x0a,
        "CONNECTION_CLOSED",
        "the connection to the container was closed",
        Class::Other,
    ),
    hcs(
        0x0b,
        "UNKNOWN_MESSAGE",
        "a message of an unknown kind arrived",
        Class::Other,
    ),
    hcs(
        0x0c,
        "UNSUPPORTED_PROTOCOL_VERSION",
        "the container speaks no version of the protocol that the host speaks",
        Class::Other,
    ),
    hcs(
        0x0d,
        "INVALID_JSON",
        "the container's JSON document could not be read",
        Class::Other,
    ),
    hcs(
        0x0e,
        "SYSTEM_NOT_FOUND",
        "the container does not exist",
        Class::Other,
    ),
    hcs(
        0x0f,
        "SYSTEM_ALREADY_EXISTS",
        "a container with this id already exists",
        Class::Other,
    ),
    hcs(
        0x10,
        "SYSTEM_ALREADY_STOPPED",
        "the container is not running",
        Class::Other,
    ),
    hcs(
        0x11,
        "PROTOCOL_ERROR",
        "the container and the host misunderstood each other",
        Class::Other,
    ),
    hcs(
        0x12,
        "INVALID_LAYER",
        "a layer of the image has a format that this Windows does not know",
        Class::UnknownLayer,
    ),
    hcs(
        0x13,
        "WINDOWS_INSIDER_REQUIRED",
        "the image is a preview for members of the Windows Insider Program",
        Class::Insider,
    ),
    hcs(
        0x14,
        "SERVICE_NOT_AVAILABLE",
        "a Windows feature that the container needs, such as Hyper-V, is not installed",
        Class::HypervMissing,
    ),
    hcs(
        0x15,
        "OPERATION_NOT_STARTED",
        "the operation has not started",
        Class::Other,
    ),
    hcs(
        0x16,
        "OPERATION_ALREADY_STARTED",
        "the operation has already started",
        Class::Other,
    ),
    hcs(
        0x17,
        "OPERATION_PENDING",
        "the operation still goes on",
        Class::Other,
    ),
    hcs(
        0x18,
        "OPERATION_TIMEOUT",
        "the operation took too long",
        Class::Other,
    ),
    hcs(
        0x19,
        "OPERATION_SYSTEM_CALLBACK_ALREADY_SET",
        "a callback for the operation is already set",
        Class::Other,
    ),
    hcs(
        0x1a,
        "OPERATION_RESULT_ALLOCATION_FAILED",
        "there was no memory for the operation's result",
        Class::Other,
    ),
    hcs(
        0x1b,
        "ACCESS_DENIED",
        "the user may not manage containers (administrators and Hyper-V administrators may)",
        Class::Other,
    ),
    hcs(
        0x1c,
        "GUEST_CRITICAL_ERROR",
        "the container reported a critical failure and was stopped",
        Class::Other,
    ),
    hcs(
        0x1d,
        "PROCESS_INFO_NOT_AVAILABLE",
        "nothing is known about the process",
        Class::Other,
    ),
    hcs(
        0x1e,
        "SERVICE_DISCONNECT",
        "the compute service hung up",
        Class::Other,
    ),
    hcs(
        0x1f,
        "PROCESS_ALREADY_STOPPED",
        "the process had already stopped",
        Class::Other,
    ),
    hcs(
        0x20,
        "SYSTEM_NOT_CONFIGURED_FOR_OPERATION",
        "the container is not set up for what was asked",
        Class::Other,
    ),
    hcs(
        0x21,
        "OPERATION_ALREADY_CANCELLED",
        "the operation was already cancelled",
        Class::Other,
    ),
];

/// The row of a full code, `0xc03701xx` or `0x803701xx`.
pub(crate) fn row_of(code: u32) -> Option<&'static Hcs> {
    if !matches!(code >> 8, 0x00c0_3701 | 0x0080_3701) {
        return None;
    }
    let low = (code & 0xff) as u8;
    TABLE.iter().find(|row| row.low == low)
}

/// A code that was read, and the bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeAt {
    pub(crate) code: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Reads the code whose digits include the position `at` of normalised text.
///
/// Container ids, digests and GUIDs contain these digits by chance, so the code has to stand alone;
/// a line break may cut it, as terminals do.
pub(crate) fn read(text: &[u8], at: usize) -> Option<CodeAt> {
    read_hex(text, at).or_else(|| read_decimal(text, at))
}

fn read_hex(text: &[u8], at: usize) -> Option<CodeAt> {
    // The anchors begin with the code's first digit.
    let mut digits = 0;
    let mut code: u32 = 0;
    let mut end = at;
    while digits < 8 {
        let byte = *text.get(end)?;
        if let Some(value) = (byte as char).to_digit(16) {
            code = code << 4 | value;
            digits += 1;
        } else if byte != b'\n' {
            return None;
        }
        end += 1;
    }
    row_of(code)?;
    let prefixed = at >= 2 && text[at - 2] == b'0' && matches!(text[at - 1], b'x' | b'X');
    let start = if prefixed { at - 2 } else { at };
    let before = start.checked_sub(1).map(|index| text[index]);
    let after = text.get(end).copied();
    let joins = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80)
    };
    if joins(after) {
        return None;
    }
    // `0x` says that a code is meant (`err0xc0370101` is odd but plain); without it the digits
    // must stand alone.
    if !prefixed {
        let path = |byte: Option<u8>| {
            byte.is_some_and(|byte| matches!(byte, b'-' | b'/' | b'\\' | b'@' | b'.' | b'#'))
        };
        let file_name = after == Some(b'.') && joins(text.get(end + 1).copied());
        let short_id = matches!(after, Some(b'-' | b'/' | b'\\'));
        if joins(before) || path(before) || file_name || short_id {
            return None;
        }
    }
    Some(CodeAt { code, start, end })
}

fn read_decimal(text: &[u8], at: usize) -> Option<CodeAt> {
    let mut end = at;
    let mut value: u64 = 0;
    let mut digits = 0;
    while let Some(&byte) = text.get(end) {
        if byte.is_ascii_digit() {
            value = value * 10 + u64::from(byte - b'0');
            digits += 1;
            if digits > 10 {
                return None;
            }
        } else if !(byte == b'\n' && digits < 10) {
            break;
        }
        end += 1;
    }
    if digits != 10 {
        return None;
    }
    let negative = at >= 1 && text[at - 1] == b'-';
    let start = if negative { at - 1 } else { at };
    let code = if negative {
        u32::try_from((1_u64 << 32).checked_sub(value)?).ok()?
    } else {
        u32::try_from(value).ok()?
    };
    row_of(code)?;
    let joins = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if start > 0 && joins(text[start - 1]) {
        return None;
    }
    let after = text.get(end).copied();
    let fraction = after == Some(b'.') && text.get(end + 1).is_some_and(u8::is_ascii_digit);
    if fraction || after.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    Some(CodeAt { code, start, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in(text: &str, anchor: &str) -> Option<u32> {
        let at = text.find(anchor).unwrap();
        read(text.as_bytes(), at).map(|found| found.code)
    }

    #[test]
    fn every_spelling_of_every_code_is_read() {
        for row in TABLE {
            for family in [0xc037_0100_u32, 0x8037_0100] {
                let code = family + u32::from(row.low);
                let signed = code.cast_signed();
                for text in [
                    format!("(0x{code:x})"),
                    format!("0x{code:X}"),
                    format!("HRESULT: {code:x}."),
                    format!("{{\"Error\":{signed},\"ErrorMessage\":\"\"}}"),
                    format!("exit {code}"),
                ] {
                    let at = [
                        "c03701", "C03701", "803701", "107013", "214387", "322483", "215108",
                    ]
                    .iter()
                    .find_map(|anchor| text.find(anchor))
                    .unwrap_or_else(|| panic!("{text}"));
                    let found = read(text.as_bytes(), at);
                    assert_eq!(found.map(|found| found.code), Some(code), "{text}");
                }
            }
        }
    }

    #[test]
    fn ids_digests_and_guids_are_no_codes() {
        for text in [
            "sha256:c0370101aa22eb87906ccab1c3dd2fc49324eafa798438f7979b87b210906f83",
            "c0370101-13b7-42c0-89b2-c1e80d9af243",
            "002a0d9e-13b7-42c0-89b2-c0370101d9af",
            "web-c0370101.log",
            "commit/c0370101",
            "xc0370101",
            "0xc0370101ff",
            "c03701zz",
            "0xc03701ff",
        ] {
            assert_eq!(read_in(text, "c03701"), None, "{text}");
        }
        assert_eq!(read_in("10701370871", "10701370"), None);
        assert_eq!(read_in("1070137087", "10701370"), None);
        assert_eq!(read_in("2019-1070137087", "10701370"), None);
        assert_eq!(read_in("0.3224830209", "32248302"), None);
    }

    #[test]
    fn a_line_break_inside_a_code_is_read_over() {
        assert_eq!(read_in("(0xc03701\n01) extra", "c03701"), Some(0xc037_0101));
    }
}
