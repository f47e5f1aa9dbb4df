//! The examples, run as their READMEs say, with the real programs: `cargo xtask test unit examples`, which installs these.

mod ffmpeg;
mod upstream;
