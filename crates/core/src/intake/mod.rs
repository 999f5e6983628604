//! What arrives from REDCap: the Data Entry Trigger (DET), its proof and its natural key.
//!
//! Nothing here trusts the sender: the form only says *what to read again*, the proof says that REDCap sent it.

mod form;
mod key;
mod proof;

pub use form::{DetForm, FormRefusal};
pub use key::natural_key;
pub use proof::{Presented, origin_of};
