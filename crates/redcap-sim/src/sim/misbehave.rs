//! Orders to misbehave, for one project or for the whole server.
//! Invariant: they add up until a repair, which takes all of its scope away at once.

use crate::SimError;
use crate::fault::orders::Orders;
use crate::fault::{Fault, Order};

use super::Sim;

/// For whom an order holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Every request to the API, whatever its token.
    Server,
    Project(u32),
}

impl Sim {
    fn orders<T>(&self, scope: Scope, act: impl FnOnce(&mut Orders) -> T) -> Result<T, SimError> {
        match scope {
            Scope::Server => Ok(act(&mut self.world().orders)),
            Scope::Project(id) => self.with(id, |project| act(&mut project.orders)),
        }
    }

    /// Makes the project's API misbehave in this way only, at every call, or behave again.
    ///
    /// # Errors
    /// Unknown project.
    pub fn set_fault(&self, project_id: u32, fault: Option<Fault>) -> Result<(), SimError> {
        self.set_order(Scope::Project(project_id), fault.map(Order::from))
    }

    /// Takes away what was ordered in this scope and, with an order, gives that one.
    ///
    /// # Errors
    /// Unknown project.
    pub fn set_order(&self, scope: Scope, order: Option<Order>) -> Result<(), SimError> {
        self.orders(scope, |orders| {
            orders.withdraw();
            order.into_iter().for_each(|order| orders.give(order));
        })
    }

    /// Adds an order to those in force.
    ///
    /// # Errors
    /// Unknown project.
    pub fn give_order(&self, scope: Scope, order: Order) -> Result<(), SimError> {
        self.orders(scope, |orders| orders.give(order))
    }

    /// The orders in force, as they are written, with what is left of them.
    ///
    /// # Errors
    /// Unknown project.
    pub fn orders_in_force(&self, scope: Scope) -> Result<Vec<String>, SimError> {
        self.orders(scope, |orders| orders.texts())
    }
}
