//! What is settled before a call is answered: who calls, that it is counted, and which faults it suffers.
//! Invariant: a request whose token belongs to a project is counted before anything else is decided.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};

use super::answer::ApiError;
use super::params::Params;
use super::sent;
use crate::fault::order::Arrival;
use crate::fault::orders::Faults;
use crate::fault::{BadOrder, Order};
use crate::sim::Sim;

/// A request's own orders to misbehave. No real REDCap knows it.
const HEADER: &str = "x-sim-fault";

/// Where a request comes from and what its header orders.
pub(super) struct Caller {
    from: IpAddr,
    order: Option<String>,
}

impl Caller {
    pub(super) fn of(request: &Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let order = request.headers().get(HEADER).map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned());
        Self { from: peer.map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.0.ip().to_canonical()), order }
    }
}

/// Counts the request and finds what it suffers: by its own header, by orders for the whole server, by its project's.
///
/// # Errors
/// 400 when the header holds no order.
pub(super) fn arrive(sim: &Sim, params: &Params, caller: &Caller) -> Result<Faults, ApiError> {
    let order = caller.order.as_deref().map(str::parse::<Order>).transpose();
    let order = order.map_err(|error: BadOrder| ApiError::bad(format!("{HEADER}: {error}")))?;
    let mut world = sim.world();
    let now = world.clock.now();
    let project = world.project_of_token(params.token()).map(|project| {
        project.api_calls += 1;
        (project.id, project.records.len())
    });
    let records = || records_touched(params, project.map_or(0, |(_, records)| records));
    let call =
        Arrival { content: params.content(), action: params.action(), from: caller.from, now, records: &records };
    let mut faults = Faults::default();
    if let Some(order) = order.filter(|order| order.concerns(&call)) {
        faults.add(order.fault);
    }
    world.orders.strike(&call, &mut faults);
    if let Some(project) = project.and_then(|(id, _)| world.projects.get_mut(&id)) {
        project.orders.strike(&call, &mut faults);
    }
    Ok(faults)
}

/// The records that a call names; all that there are when an export names none.
fn records_touched(params: &Params, all: usize) -> usize {
    if params.has("data") {
        return sent::read(params).map_or(0, |rows| rows.len());
    }
    match params.list("records").len() {
        0 => all,
        named => named,
    }
}
