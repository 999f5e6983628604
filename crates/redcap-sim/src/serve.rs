//! The HTTP surface as one router, and a listener that serves it.
//! Invariant: the address under which the server calls itself is known before the first request is answered.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use crate::sim::Sim;
use crate::{api, control, pages};

impl Sim {
    /// All routes: the API at `/api/`, pages at `/`, orders at `/sim/`. `public_base_url` is what links and DETs name as
    /// REDCap's address; a trailing slash is added when missing.
    pub fn router(&self, public_base_url: &str) -> Router {
        self.world().base_url = format!("{}/", public_base_url.trim_end_matches('/'));
        Router::new()
            .merge(api::router())
            .merge(pages::router())
            .merge(control::router())
            .fallback(api::not_found)
            .with_state(self.clone())
    }

    /// Serves on the listener, under its own address, until `shutdown` is done and open requests are answered. The
    /// address is known to links and DETs from the call on, not only once the future is polled.
    ///
    /// # Errors
    /// The listener has no local address or fails.
    pub fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let address = listener.local_addr().map(|address| format!("http://{address}/"));
        let sim = self.clone();
        let router = address.map(|address| sim.router(&address));
        async move { sim.run(listener, router?, shutdown).await }
    }

    /// As [`serve`](Self::serve), under another address than the listener's: behind a proxy, in a container.
    pub fn serve_as(
        &self,
        public_base_url: &str,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let (sim, router) = (self.clone(), self.router(public_base_url));
        async move { sim.run(listener, router, shutdown).await }
    }

    async fn run(
        self,
        listener: TcpListener,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        // A ban is by address, so that the API must know from where a request comes.
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = async { axum::serve(listener, service).with_graceful_shutdown(shutdown).await };
        tokio::select! {
            ended = served => ended?,
            () = self.keep_up() => {}
        }
        self.keep().await.map_err(io::Error::other)
    }
}
