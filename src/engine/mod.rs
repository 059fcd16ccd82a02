//! The sync loop: passes, outbox, lease, operator actions. The interface sees it only through [`port`].

pub mod port;
