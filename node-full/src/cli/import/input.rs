//! A file or standard input, to its end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::import::lines::{Lines, is_gzip, resume, unzipped};
use crate::import::state::State;

/// The lines of an input, and how many there are if that can be known.
type Opened = (Lines<Box<dyn BufRead>>, Option<u64>);

/// Opens it after what was read of it before.
pub(super) fn open(path: &Path, state: Option<&State>) -> io::Result<Opened> {
    if path.as_os_str() == "-" {
        return Ok((Lines::new(unzipped(io::stdin().lock())?), None));
    }
    let mut file = File::open(path)?;
    let inode = file.metadata()?.ino();
    if let Some(position) = state.and_then(|state| state.position(inode))
        && resume(&mut file, &position)?
    {
        let input: Box<dyn BufRead> = Box::new(BufReader::new(file));
        return Ok((Lines::after(input, position.line, position.offset), None));
    }
    let total = total(&mut file)?;
    Ok((Lines::new(unzipped(BufReader::new(file))?), total))
}

/// How many lines a plain file has.
fn total(file: &mut File) -> io::Result<Option<u64>> {
    // What is no file, a pipe for example, can be read only once.
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut input = BufReader::new(&mut *file);
    let mut lines = (!is_gzip(input.fill_buf()?)).then_some(0_u64);
    while let Some(count) = &mut lines {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        let (len, found) = (chunk.len(), chunk.iter().filter(|byte| **byte == b'\n').count());
        *count = count.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
        input.consume(len);
    }
    file.rewind()?;
    Ok(lines)
}
