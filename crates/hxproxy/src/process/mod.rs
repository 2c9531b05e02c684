//! The process model: what happens around the traffic. Going to the background, the master and
//! its workers, limits, privileges, the pid file, replacing older processes, signals.
//!
//! Everything here that forks or drops privileges runs before the first thread starts.

pub mod daemon;
pub mod handoff;
pub mod limits;
pub mod master;
pub mod pidfile;
pub mod privileges;
pub mod signals;
pub mod sys;
pub mod systemd;
