//! The client against real sockets: what it sends, and what it makes of servers that misbehave below HTTP.
//!
//! Invariant: nothing here waits for time to pass except the client's own deadline, against servers that never answer.

mod designs;
mod imports;
mod reads;
mod stand_in;
mod sweeps;
mod transport;
