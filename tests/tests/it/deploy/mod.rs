//! What others deploy: images, the compose file, the Helm chart. No container engine runs them here: they
//! are held against the tools' own linters and schemas, and what they start is started by hand.

mod by_hand;
mod chart;
mod compose;
mod files;
mod lint;
mod process;
mod settings;
