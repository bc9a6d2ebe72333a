//! Nothing biometric and no key is left anywhere: what a run leaves behind is searched, byte by byte, after
//! failures and kills, with a broker that writes every message to disk and a store that writes every
//! command.

mod needles;
mod places;
mod run;
