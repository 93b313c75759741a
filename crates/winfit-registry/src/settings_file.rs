//! Files of the user's settings: read up to a limit, and only where they are files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The bytes of a file; none: it is not there. What is no regular file (a pipe, a device, a folder) is not
/// opened, since it may never end, and what is larger than `most` is not read.
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let absent = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    };
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(io::Error::other("it is no file")),
        Err(error) if absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::other(format!(
            "it is larger than {} KiB",
            most / 1024
        )));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_up_to_a_limit_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        assert!(read(&path, 4096).unwrap().is_none());
        std::fs::write(&path, [b'x'; 4096]).unwrap();
        assert_eq!(read(&path, 4096).unwrap().unwrap().len(), 4096);
        let told = |path: &Path, most| read(path, most).unwrap_err().to_string();
        assert_eq!(told(&path, 4095), "it is larger than 3 KiB");
        assert_eq!(told(folder.path(), 4096), "it is no file");
        assert!(read(&path.join("below"), 4096).unwrap().is_none());
        #[cfg(unix)]
        assert_eq!(told(Path::new("/dev/zero"), 4096), "it is no file");
    }
}
