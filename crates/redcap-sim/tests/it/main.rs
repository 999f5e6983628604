//! The simulator from outside: over real sockets, as a client, a DET receiver and a browser see it.
//! Invariant: nothing here reaches into the simulator except through its public handle.

#![cfg(test)]

mod client;
mod det;
mod exports;
mod faults;
mod file;
mod imports;
mod orders;
mod pages;
mod people;
mod projects;
mod randomization;
mod same_requests;
mod scale;
mod server;
mod strangers;
