//! Input of any size in bounded memory, each byte searched once.
//!
//! A sliding buffer keeps [`BACK`] bytes before and [`AHEAD`] bytes after every hit until it has
//! been looked at, so what is found does not depend on where reads end. Files, pipes and slices
//! all come this way.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use crate::analyse::{Analyst, Hit};
use crate::anchors;
use crate::diagnosis::{Location, Report};
use crate::place::{Cursor, Encoding};

/// How far back a hit's context may lie.
pub(crate) const BACK: usize = 256 * 1024;
/// How far ahead a hit's context may lie.
pub(crate) const AHEAD: usize = 64 * 1024;
/// How much is read at a time.
pub(crate) const CHUNK: usize = 256 * 1024;
/// How much of the start decides on the encoding.
const SAMPLE: usize = 4096;
/// How much of the start decides whether the input is text.
const TEXT_SAMPLE: usize = 64 * 1024;

/// Reads everything and explains it.
pub(crate) fn run(reader: impl Read, chunk: usize) -> io::Result<Report> {
    let mut source = Source::open(reader)?;
    let mut cursor = Cursor::new(source.encoding, source.mark);
    let mut analyst = Analyst::new(source.encoding);
    let mut texture = Texture::default();
    let mut buffer = vec![0; BACK + AHEAD + 2 * SAMPLE + 4 * chunk];
    let mut len = 0;
    // The stream's position of the buffer's first byte.
    let mut base = 0_u64;
    let mut scanned = 0;
    let mut passed = 0;
    let mut pending: VecDeque<(anchors::Found, Location)> = VecDeque::new();
    loop {
        if buffer.len() - len < chunk {
            let first = pending.front().map_or(scanned, |(found, _)| found.start);
            let keep = first.min(scanned).saturating_sub(BACK);
            buffer.copy_within(keep..len, 0);
            len -= keep;
            scanned -= keep;
            passed -= keep;
            base += keep as u64;
            for (found, _) in &mut pending {
                found.start -= keep;
                found.end -= keep;
            }
        }
        let got = source.fill(&mut buffer[len..len + chunk])?;
        texture.look(base + len as u64, &buffer[len..len + got]);
        len += got;
        let ended = got == 0;
        let bytes = &buffer[..len];
        // A literal that begins in the last bytes may not be whole yet.
        let limit = if ended {
            len
        } else {
            scanned.max(len.saturating_sub(anchors::LONGEST - 1))
        };
        while scanned < limit {
            let Some(found) = anchors::find(bytes, scanned) else {
                break;
            };
            if found.start >= limit {
                break;
            }
            scanned = found.end;
            cursor.pass(&bytes[passed..found.start]);
            passed = found.start;
            pending.push_back((found, cursor.location()));
        }
        scanned = scanned.max(limit);
        cursor.pass(&bytes[passed..scanned]);
        passed = scanned;
        while let Some(&(found, location)) = pending.front() {
            if !ended && found.start + AHEAD > len {
                break;
            }
            pending.pop_front();
            if !anchors::worth_it(&bytes[..len.min(found.start + AHEAD)], found) {
                continue;
            }
            let from = found.start.saturating_sub(BACK);
            let to = len.min(found.start + AHEAD);
            analyst.look(&Hit {
                window: &bytes[from..to],
                base: base + from as u64,
                at: found.start - from,
                anchor: found.anchor,
                location,
            });
        }
        if ended {
            break;
        }
    }
    let (diagnoses, dropped) = analyst.finish();
    let open_line = len > 0 && buffer[len - 1] != b'\n';
    Ok(Report {
        diagnoses,
        bytes: source.bytes,
        lines: cursor.breaks + u64::from(open_line),
        binary: source.encoding == Encoding::Utf8 && texture.binary(),
        empty: texture.blank,
        dropped,
    })
}

/// What the start of the input looks like.
struct Texture {
    seen: usize,
    control: usize,
    blank: bool,
}

impl Default for Texture {
    fn default() -> Self {
        Self {
            seen: 0,
            control: 0,
            blank: true,
        }
    }
}

impl Texture {
    fn look(&mut self, at: u64, bytes: &[u8]) {
        if self.blank {
            self.blank = bytes.iter().all(u8::is_ascii_whitespace);
        }
        let left = usize::try_from(at).map_or(0, |at| TEXT_SAMPLE.saturating_sub(at));
        let sample = &bytes[..bytes.len().min(left)];
        self.seen += sample.len();
        let control = |byte: &&u8| matches!(byte, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
        self.control += sample.iter().filter(control).count();
    }

    /// Compressed data has one control byte in ten, programs more; text has next to none.
    fn binary(&self) -> bool {
        self.control * 20 > self.seen
    }
}

/// The reader, decoded to UTF-8 where it is UTF-16.
struct Source<R> {
    reader: R,
    encoding: Encoding,
    /// The length of the byte order mark.
    mark: u64,
    /// What was read to find the encoding, then, in UTF-16, what waits to be decoded.
    waiting: Vec<u8>,
    used: usize,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    bytes: u64,
    ended: bool,
}

impl<R: Read> Source<R> {
    fn open(reader: R) -> io::Result<Self> {
        let mut source = Self {
            reader,
            encoding: Encoding::Utf8,
            mark: 0,
            waiting: vec![0; SAMPLE],
            used: 0,
            high: None,
            bytes: 0,
            ended: false,
        };
        let mut sample = std::mem::take(&mut source.waiting);
        let got = source.read_full(&mut sample)?;
        sample.truncate(got);
        (source.encoding, source.mark) = detect(&sample);
        source.used = source.mark as usize;
        source.waiting = sample;
        Ok(source)
    }

    /// Reads until `out` is full or the input ends.
    fn read_full(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut got = 0;
        while got < out.len() && !self.ended {
            match self.reader.read(&mut out[got..]) {
                Ok(0) => self.ended = true,
                Ok(count) => got += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes += got as u64;
        Ok(got)
    }

    /// Fills `out`; zero means the end.
    fn fill(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.encoding == Encoding::Utf8 {
            let waiting = &self.waiting[self.used..];
            let count = waiting.len().min(out.len());
            out[..count].copy_from_slice(&waiting[..count]);
            self.used += count;
            let more = self.read_full(&mut out[count..])?;
            return Ok(count + more);
        }
        let mut written = 0;
        // Four bytes are the longest character.
        while written + 4 <= out.len() {
            if self.waiting.len() - self.used < 2 {
                if self.ended {
                    break;
                }
                self.refill(out.len())?;
                continue;
            }
            let pair = [self.waiting[self.used], self.waiting[self.used + 1]];
            self.used += 2;
            let unit = if self.encoding == Encoding::Utf16Le {
                u16::from_le_bytes(pair)
            } else {
                u16::from_be_bytes(pair)
            };
            written += self.decode(unit, &mut out[written..]);
        }
        Ok(written)
    }

    fn refill(&mut self, wanted: usize) -> io::Result<()> {
        self.waiting.drain(..self.used);
        self.used = 0;
        let kept = self.waiting.len();
        let mut buffer = std::mem::take(&mut self.waiting);
        buffer.resize(kept + wanted.max(2), 0);
        let got = self.read_full(&mut buffer[kept..])?;
        buffer.truncate(kept + got);
        self.waiting = buffer;
        Ok(())
    }

    /// One unit; a half without its other half becomes the replacement character.
    fn decode(&mut self, unit: u16, out: &mut [u8]) -> usize {
        const LOST: char = '\u{fffd}';
        let lone = match self.high.take() {
            Some(high) if (0xdc00..0xe000).contains(&unit) => {
                let value =
                    0x1_0000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(unit) - 0xdc00);
                let value = char::from_u32(value).unwrap_or(LOST);
                return value.encode_utf8(out).len();
            }
            // The orphan is written with the next round's unit still to come.
            Some(_) => {
                self.used -= 2;
                LOST
            }
            None if (0xd800..0xdc00).contains(&unit) => {
                self.high = Some(unit);
                return 0;
            }
            None => char::from_u32(u32::from(unit)).unwrap_or(LOST),
        };
        lone.encode_utf8(out).len()
    }
}

/// The encoding, and the length of its byte order mark.
fn detect(sample: &[u8]) -> (Encoding, u64) {
    match sample {
        [0xef, 0xbb, 0xbf, ..] => return (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => return (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => return (Encoding::Utf16Be, 2),
        _ => {}
    }
    // Without a mark: text in Latin letters has a NUL in every other byte, and the other bytes
    // have none.
    let pairs = sample.len() / 2;
    let nuls = |odd: usize| {
        let bytes = sample.iter().skip(odd).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (nuls(0), nuls(1));
    let encoding = if pairs >= 2 && odd * 10 >= pairs * 7 && even * 20 <= pairs {
        Encoding::Utf16Le
    } else if pairs >= 2 && even * 10 >= pairs * 7 && odd * 20 <= pairs {
        Encoding::Utf16Be
    } else {
        Encoding::Utf8
    };
    (encoding, 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(gaps: &[usize]) -> Vec<u8> {
        let mut text = Vec::new();
        for (index, gap) in gaps.iter().enumerate() {
            let filler = b"an ordinary line of a log, with nothing in it at all\n";
            text.extend(filler.iter().cycle().take(*gap));
            let id = format!("{index:02}").repeat(32);
            let message = format!(
                "hcs::CreateComputeSystem {id}: The container operating system does not match the host operating system.: unknown\n"
            );
            text.extend(message.bytes());
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_is_found_does_not_depend_on_where_chunks_end(
            gaps in prop::collection::vec(0_usize..150_000, 1..6),
            chunk in 16_usize..5000,
        ) {
            let text = text(&gaps);
            let whole = run(text.as_slice(), 1 << 22).unwrap();
            prop_assert_eq!(whole.diagnoses.len(), gaps.len());
            prop_assert_eq!(run(text.as_slice(), chunk).unwrap(), whole.clone());
            prop_assert_eq!(run(text.as_slice(), CHUNK).unwrap(), whole);
        }
    }

    #[test]
    fn context_at_the_edge_of_the_look_back_is_found_whatever_the_chunk() {
        let pod = b"Name: web-0\nNamespace: shop\nNode: win-a/10.0.0.4\n";
        for gap in [
            BACK - 200,
            BACK - 70,
            BACK - 60,
            BACK - 50,
            BACK - 40,
            BACK + 1000,
        ] {
            let mut text = vec![b'x'; 1000];
            text.push(b'\n');
            text.extend(pod);
            text.extend(b"filler line\n".iter().cycle().take(gap));
            text.extend(b"\nMessage: failed (0xc0370101)\nNode-Selectors: a=b\nEvents:\n");
            let whole = run(text.as_slice(), 1 << 22).unwrap();
            let named = whole.diagnoses[0].subject.name.is_some();
            // In between, the header is cut by the edge.
            assert!(if named { gap < BACK } else { gap > BACK - 200 });
            for chunk in [64, 1000, 4096, CHUNK] {
                assert_eq!(run(text.as_slice(), chunk).unwrap(), whole, "{gap} {chunk}");
            }
        }
    }
}
