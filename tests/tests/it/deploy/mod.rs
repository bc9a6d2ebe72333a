//! What others deploy: images, the compose file, the Helm chart; and the workflows that check them. No container
//! engine runs them here, as `make images-test` does: they are compared with the tools' own linters and schemas,
//! and what they start is started by hand.

mod by_hand;
mod chart;
mod compose;
mod files;
mod lint;
mod process;
mod settings;
mod workflows;
