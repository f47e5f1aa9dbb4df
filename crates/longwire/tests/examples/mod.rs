//! The examples, run as their READMEs say, with the real programs: `cargo xtask test examples`, which installs these.

mod ffmpeg;
