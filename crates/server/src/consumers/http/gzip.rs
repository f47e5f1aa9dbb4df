//! Unpacks gzip in small pieces, so that what a little unpacks to is never held whole.

use std::io::{self, Write};

use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;

/// Packed bytes that are taken at once.
const PACKED_BYTES: usize = 4 * 1024;

/// What unpacks a stream.
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    packed: Bytes,
    begun: bool,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self {
            decoder: MultiGzDecoder::new(Vec::new()),
            packed: Bytes::new(),
            begun: false,
        }
    }

    /// Takes what came. What came before was unpacked.
    pub(super) fn feed(&mut self, packed: Bytes) {
        self.begun |= !packed.is_empty();
        self.packed = packed;
    }

    /// The next piece of what is there; none once all of it was unpacked.
    ///
    /// # Errors
    /// Where it is no gzip.
    pub(super) fn unpack(&mut self) -> io::Result<Option<Bytes>> {
        while !self.packed.is_empty() {
            let most = self.packed.len().min(PACKED_BYTES);
            let taken = self.decoder.write(&self.packed[..most])?;
            self.packed.advance(taken);
            if self.packed.is_empty() {
                self.decoder.flush()?;
            }
            let piece = self.take();
            if piece.is_some() {
                return Ok(piece);
            }
            if taken == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(None)
    }

    /// The last piece, once nothing more comes.
    ///
    /// # Errors
    /// Where there should be more, or its checksum is wrong.
    pub(super) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        // An answer without a body is not packed, whatever it says.
        if self.begun {
            self.decoder.try_finish()?;
            self.begun = false;
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Option<Bytes> {
        let piece = std::mem::take(self.decoder.get_mut());
        (!piece.is_empty()).then(|| piece.into())
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(pieces: &[&[u8]]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for piece in pieces {
            encoder.write_all(piece).unwrap();
        }
        encoder.finish().unwrap()
    }

    /// What is unpacked, the bytes given so many at once, and the largest piece.
    fn unpacked(packed: &[u8], at_once: usize) -> io::Result<(Vec<u8>, usize)> {
        let (mut gunzip, mut whole, mut largest) = (Gunzip::new(), Vec::new(), 0);
        let mut take = |piece: Bytes| {
            largest = largest.max(piece.len());
            whole.extend_from_slice(&piece);
        };
        for some in packed.chunks(at_once) {
            gunzip.feed(Bytes::copy_from_slice(some));
            while let Some(piece) = gunzip.unpack()? {
                take(piece);
            }
        }
        while let Some(piece) = gunzip.finish()? {
            take(piece);
        }
        Ok((whole, largest))
    }

    #[test]
    fn it_comes_out_as_it_went_in_however_it_was_cut() {
        let text = "Longwire \u{1f6e4} ".repeat(3_000).into_bytes();
        let twice = [packed(&[&text]), packed(&[b"and more"])].concat();
        for at_once in [1, 2, 7, 1_000, 1_000_000] {
            assert_eq!(unpacked(&packed(&[&text]), at_once).unwrap().0, text);
            let whole = unpacked(&twice, at_once).unwrap().0;
            assert_eq!(whole, [&text[..], b"and more"].concat(), "{at_once}");
        }
        assert_eq!(unpacked(b"", 1).unwrap().0, b"");
        assert_eq!(unpacked(&packed(&[b""]), 9).unwrap().0, b"");
    }

    #[test]
    fn a_bomb_comes_in_small_pieces() {
        let bomb = packed(&[&vec![0; 10_000_000]]);
        assert!(bomb.len() < 20_000);
        let (whole, largest) = unpacked(&bomb, usize::MAX).unwrap();
        assert_eq!(whole.len(), 10_000_000);
        assert!(largest <= 64 * 1024, "{largest}");
    }

    #[test]
    fn what_was_flushed_comes_out_at_once() {
        let (mut gunzip, mut encoder) = (
            Gunzip::new(),
            GzEncoder::new(Vec::new(), Compression::fast()),
        );
        for line in ["one\n", "two\n", "three\n"] {
            encoder.write_all(line.as_bytes()).unwrap();
            encoder.flush().unwrap();
            gunzip.feed(std::mem::take(encoder.get_mut()).into());
            let mut came = Vec::new();
            while let Some(piece) = gunzip.unpack().unwrap() {
                came.extend_from_slice(&piece);
            }
            assert_eq!(came, line.as_bytes());
        }
        gunzip.feed(encoder.finish().unwrap().into());
        assert_eq!(gunzip.unpack().unwrap(), None);
        assert_eq!(gunzip.finish().unwrap(), None);
    }

    #[test]
    fn what_is_broken_is_an_error() {
        let whole = packed(&[b"Longwire"]);
        let cut = &whole[..whole.len() - 1];
        let mut wrong_sum = whole.clone();
        wrong_sum[whole.len() - 8] ^= 1;
        let trailing = [&whole[..], b"more"].concat();
        for broken in [cut, &whole[..12], &wrong_sum, b"<html>", &trailing] {
            assert!(unpacked(broken, 5).is_err(), "{}", broken.escape_ascii());
        }
    }
}
