//! A file as a reader gets it: unpacked, bounded, with its begin to look at.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read},
};

use flate2::bufread::MultiGzDecoder;

use super::Broken;
use crate::Limits;

const BUFFER: usize = 64 * 1024;
/// So much of a file tells its format.
const BEGIN: usize = 4096;

/// A file that never gives more bytes than the limits allow.
pub(super) struct Source<'a> {
    input: Box<dyn BufRead + 'a>,
    line: u64,
    line_bytes: usize,
    file_bytes: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(input: &'a mut dyn Read, limits: &Limits) -> Result<Self, Broken> {
        let mut input = BufReader::with_capacity(BUFFER, Bounded::new(input, limits.file_bytes));
        let packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let input: Box<dyn BufRead + 'a> = if packed {
            let unpacked = Bounded::new(MultiGzDecoder::new(input), limits.file_bytes);
            Box::new(BufReader::with_capacity(BUFFER, unpacked))
        } else {
            Box::new(input)
        };
        Ok(Self {
            input,
            line: 0,
            line_bytes: limits.line_bytes,
            file_bytes: limits.file_bytes,
        })
    }

    /// How the file begins, as text.
    pub(super) fn begin(&mut self) -> Result<String, Broken> {
        self.ahead(BEGIN)
    }

    /// So many bytes of what is left, as text, to be read again.
    pub(super) fn ahead(&mut self, bytes: usize) -> Result<String, Broken> {
        let mut begin = Vec::new();
        (&mut self.input)
            .take(bytes as u64)
            .read_to_end(&mut begin)?;
        let text = String::from_utf8_lossy(&begin).into_owned();
        let rest = std::mem::replace(&mut self.input, Box::new(io::empty()));
        self.input = Box::new(io::Cursor::new(begin).chain(rest));
        Ok(text)
    }

    /// The next line that is not blank, without its end, and its number.
    pub(super) fn line<'b>(
        &mut self,
        into: &'b mut Vec<u8>,
    ) -> Result<Option<(u64, &'b str)>, Broken> {
        loop {
            into.clear();
            let most = self.line_bytes as u64 + 1;
            let read = (&mut self.input).take(most).read_until(b'\n', into);
            self.line += 1;
            if read.map_err(|error| Broken::at(self.line, error.to_string()))? == 0 {
                return Ok(None);
            }
            if into.len() as u64 == most && into.last() != Some(&b'\n') {
                let why = format!("is longer than {} bytes", self.line_bytes);
                return Err(Broken::at(self.line, why));
            }
            if !into.trim_ascii().is_empty() {
                break;
            }
        }
        let text = std::str::from_utf8(into.trim_ascii());
        let text = text.map_err(|_| Broken::at(self.line, "is no UTF-8"))?;
        Ok(Some((self.line, text)))
    }

    /// What is left, to be read by others.
    pub(super) fn rest(self) -> Box<dyn BufRead + 'a> {
        self.input
    }

    /// What is left, unpacked from zlib, within the same limits.
    pub(super) fn unpacked(self) -> Self {
        let unpacked = flate2::bufread::ZlibDecoder::new(self.input);
        Self {
            input: Box::new(BufReader::with_capacity(
                BUFFER,
                Bounded::new(unpacked, self.file_bytes),
            )),
            line: self.line,
            line_bytes: self.line_bytes,
            file_bytes: self.file_bytes,
        }
    }
}

/// Bounds the pieces of a document: whoever reads it keeps one in memory, however long it is.
pub(super) struct Gate {
    left: Cell<usize>,
    most: usize,
}

impl Gate {
    pub(super) fn new(most: usize) -> Self {
        Self {
            left: Cell::new(most),
            most,
        }
    }

    /// A piece begins that is kept.
    pub(super) fn piece(&self) {
        self.left.set(self.most);
    }

    /// What comes now is passed over, and may be as long as the file.
    pub(super) fn open(&self) {
        self.left.set(usize::MAX);
    }

    /// Lets through what may pass. The gate is moved while this is read.
    pub(super) fn guard<R: Read>(&self, input: R) -> impl Read {
        Guarded { gate: self, input }
    }
}

struct Guarded<'a, R> {
    gate: &'a Gate,
    input: R,
}

impl<R: Read> Read for Guarded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        let left = self.gate.left.get().checked_sub(read).ok_or_else(|| {
            let most = self.gate.most;
            io::Error::other(format!("has a piece of more than {most} bytes"))
        })?;
        self.gate.left.set(left);
        Ok(read)
    }
}

/// Reads so much and no more: what is longer fails, and is not cut.
struct Bounded<R> {
    input: R,
    left: u64,
    most: u64,
}

impl<R> Bounded<R> {
    fn new(input: R, most: u64) -> Self {
        Self {
            input,
            left: most,
            most,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!(
                "the file has more than {} bytes, unpacked",
                self.most
            ))
        })?;
        Ok(read)
    }
}
