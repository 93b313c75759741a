//! Bytes as people's tools write them, made text: UTF-8, UTF-16 (PowerShell's `>`), code pages
//! (`cmd`'s).

/// Makes text of pasted bytes, losing nothing that can be kept.
///
/// UTF-16 is known by its mark, or by the zeros that it has beside every ASCII character. Otherwise
/// what is UTF-8 is kept, and each byte that is not is taken for one character, as in a code page:
/// versions are ASCII in all of them. So truncated UTF-8 costs one character and not the rest.
pub fn decode(bytes: &[u8]) -> String {
    if let Some(rest) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        return utf8_or_bytes(rest);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return utf16(rest, u16::from_be_bytes);
    }
    match zeros(bytes) {
        Zeros::High => utf16(bytes, u16::from_le_bytes),
        Zeros::Low => utf16(bytes, u16::from_be_bytes),
        Zeros::Neither => utf8_or_bytes(bytes),
    }
}

enum Zeros {
    High,
    Low,
    Neither,
}

/// On which side of the byte pairs the zeros are.
fn zeros(bytes: &[u8]) -> Zeros {
    const SAMPLE: usize = 4096;
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let pairs = sample.chunks_exact(2);
    let count = pairs.len();
    let (mut low, mut high) = (0, 0);
    for pair in pairs {
        low += usize::from(pair[0] == 0);
        high += usize::from(pair[1] == 0);
    }
    // A quarter, since Japanese text has ASCII only in its numbers and names.
    if high > low * 10 && high * 4 >= count && high > 0 {
        Zeros::High
    } else if low > high * 10 && low * 4 >= count && low > 0 {
        Zeros::Low
    } else {
        Zeros::Neither
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text: String = char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if bytes.len() % 2 == 1 {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

fn utf8_or_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_of_one_text() {
        let text = "Microsoft Windows [Versión 10.0.17763.437]\r\nバージョン";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        assert_eq!(decode(text.as_bytes()), text);
        assert_eq!(decode(&marked(&[0xEF, 0xBB, 0xBF], text.as_bytes())), text);
        assert_eq!(decode(&le), text);
        assert_eq!(decode(&be), text);
        assert_eq!(decode(&marked(&[0xFF, 0xFE], &le)), text);
        assert_eq!(decode(&marked(&[0xFE, 0xFF], &be)), text);
    }

    #[test]
    fn bytes_of_a_code_page_become_one_character_each() {
        assert_eq!(
            decode(b"[Versi\xA2n 10.0.17763.437]"),
            "[Versi\u{a2}n 10.0.17763.437]"
        );
    }

    #[test]
    fn what_is_cut_off_costs_no_more_than_itself() {
        assert_eq!(
            decode("10.0.17763 ビ".as_bytes().split_at(13).0),
            "10.0.17763 \u{e3}\u{83}"
        );
        assert_eq!(decode(b"\x83ver 10.0.17763"), "\u{83}ver 10.0.17763");
        assert_eq!(decode(b"\xFF\xFE1\x000\x00."), "10\u{fffd}");
        assert_eq!(decode(b""), "");
        assert_eq!(decode(b"\x00"), "\0");
    }
}
