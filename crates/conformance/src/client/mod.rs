//! Dialogues that are played as a server, and as the network before it, against a driver.

mod answers;
mod desk;
mod door;
mod driver;
mod job;
mod lease;
mod line;
mod lines;
mod orders;
mod play;
mod record;
mod stage;
mod step;
mod weigh;

pub(crate) use driver::Driver;
pub(crate) use play::play;
pub(crate) use step::Step as ClientStep;
