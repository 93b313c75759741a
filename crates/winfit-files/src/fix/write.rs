//! Fixed files on the disk: each is the old one or the new one, whatever happens in between.

use std::fs::{self, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

use thiserror::Error;

use super::FixedFile;
use crate::source::Encoding;

/// Why a file was not written. It is as it was.
#[derive(Debug, Error)]
pub enum NotWritten {
    /// Somebody else wrote it meanwhile.
    #[error("{path}: it changed since it was read, and was not written; run the command again")]
    Changed {
        /// The file.
        path: String,
    },
    /// It may not be written.
    #[error(
        "{path}: it is read-only, and was not written; allow writing and run the command again"
    )]
    ReadOnly {
        /// The file.
        path: String,
    },
    /// The system does not let it.
    #[error("{path}: it could not be written and is as it was: {reason}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
}

/// The bytes that spell a text.
pub fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        Encoding::Utf16Le => utf16(text, u16::to_le_bytes),
        Encoding::Utf16Be => utf16(text, u16::to_be_bytes),
    }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(bytes).collect()
}

/// Writes a fixed file: of one that was there a new one beside it takes its name and its mode at once.
///
/// Of a link the file that it leads to is written. The file is compared with what was read right
/// before it gives way.
pub fn write(file: &FixedFile) -> Result<(), NotWritten> {
    let path = file.source.name.to_string();
    let io = |error: &io::Error| NotWritten::Io {
        path: file.source.name.to_string(),
        reason: in_words(error),
    };
    if file.created {
        return match create(file) {
            Ok(true) => Ok(()),
            Ok(false) => Err(NotWritten::Changed { path }),
            Err(error) => Err(io(&error)),
        };
    }
    let target = fs::canonicalize(&file.source.path).map_err(|error| io(&error))?;
    let metadata = fs::metadata(&target).map_err(|error| io(&error))?;
    if metadata.permissions().readonly() {
        return Err(NotWritten::ReadOnly { path });
    }
    let before = encode(&file.source.text, file.source.encoding);
    let after = encode(&file.text, file.source.encoding);
    let replaced = beside(&target, Some(&metadata), &after).and_then(|new| {
        // Between this look and the new name somebody could still write; nothing closes that gap
        // on every system.
        if fs::read(&target)? != before {
            return Ok(false);
        }
        new.persist(&target)?;
        Ok(true)
    });
    match replaced {
        Ok(true) => Ok(()),
        Ok(false) => Err(NotWritten::Changed { path }),
        Err(error) => Err(io(&error)),
    }
}

/// Writes a file that was not there when it was read, and the folders to it. What somebody else put
/// there meanwhile stays, and the answer is no.
fn create(file: &FixedFile) -> io::Result<bool> {
    let target = &file.source.path;
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = beside(target, None, &encode(&file.text, file.source.encoding))?;
    match new.persist_noclobber(target) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// Puts a file with these bytes in the place of another one, or where there is none yet: whoever reads it
/// meanwhile finds the old one or the new one whole. `there` is what is known of the old one.
pub fn replace(target: &Path, there: Option<&Metadata>, bytes: &[u8]) -> io::Result<()> {
    beside(target, there, bytes)?.persist(target)?;
    Ok(())
}

/// A new file in the folder of another one, with its mode and its owner, on the disk.
fn beside(
    target: &Path,
    there: Option<&Metadata>,
    bytes: &[u8],
) -> io::Result<tempfile::NamedTempFile> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut new = builder().prefix(".winfit-").tempfile_in(folder)?;
    new.write_all(bytes)?;
    if let Some(there) = there {
        owner(new.path(), there)?;
        new.as_file().set_permissions(there.permissions())?;
    }
    new.as_file().sync_all()?;
    Ok(new)
}

/// Files as any program makes them, as far as the umask lets it; those of tempfile are private.
#[cfg(unix)]
fn builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut builder = tempfile::Builder::new();
    builder.permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn builder() -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}

/// Gives a file the owner of another one, where that is somebody else.
#[cfg(unix)]
fn owner(path: &Path, wanted: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let own = fs::metadata(path)?;
    if (own.uid(), own.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    chown(path, Some(wanted.uid()), Some(wanted.gid()))
}

#[cfg(not(unix))]
fn owner(_path: &Path, _wanted: &Metadata) -> io::Result<()> {
    Ok(())
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there any more".to_owned(),
        io::ErrorKind::PermissionDenied => "its folder may not be written".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "its file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}
