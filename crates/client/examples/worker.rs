//! A worker that renders frames, two jobs at once. The server's configuration has a route for it:
//!
//! ```toml
//! [routes.render]
//! served_by = "workers"
//! ```
//!
//! `cargo run -p longwire-client --example worker`, then `longwire start render --input '{"frames":10}'`. Ctrl-C lets what it holds end.

use std::time::Duration;

use longwire_client::{Error, Failure, OutputStream, Progress, Task, Unfinished, Worker};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

#[derive(Deserialize)]
struct Scene {
    frames: u32,
}

#[derive(Serialize)]
struct Rendered {
    frames: u32,
}

/// A job that is killed is left between two frames, and says nothing more.
async fn render(task: Task) -> Result<Rendered, Unfinished> {
    let scene: Scene = task.input()?;
    if scene.frames > 10_000 {
        return Err(Failure::new("too_long", "a scene has 10,000 frames at most").into());
    }
    for frame in 1..=scene.frames {
        task.unless_cancelled(sleep(Duration::from_millis(200)))
            .await?;
        task.output(OutputStream::Stdout, format!("frame {frame}\n"))
            .await?;
        task.progress(Progress::of(frame, scene.frames)).await?;
    }
    Ok(Rendered {
        frames: scene.frames,
    })
}

pub(crate) fn worker(url: &str) -> Worker {
    Worker::new(url)
        .name("renderer")
        .slots(2)
        .route("render", render)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| "http://127.0.0.1:8000".to_owned());
    worker(&url).run().await
}
