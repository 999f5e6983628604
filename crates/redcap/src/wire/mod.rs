//! What REDCap puts on the wire, as plain values: one struct per `content`, its columns in REDCap's order.
//!
//! Invariant: these types carry no behavior. They read what servers of different ages send (numbers as text, text
//! as numbers, `null`, missing newer columns, unknown ones) and write what a current server writes.

mod design;
mod field;
mod lenient;
mod project;
mod row;

pub use design::{Arm, Dag, Event, FormEventMapping, Instrument, NewEvent, RepeatingFormEvent};
pub use field::Field;
pub use project::{ProjectInfo, ProjectSettings};
pub use row::{REPEAT_INSTANCE, Row};

#[cfg(test)]
mod tests;
