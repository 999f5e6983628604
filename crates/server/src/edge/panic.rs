//! A panic becomes a 500 that says nothing of its cause.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

pub(crate) fn answer_panic(_cause: Box<dyn Any + Send + 'static>) -> Response {
    // The panic hook has printed the place; the payload might hold a value and is not repeated.
    tracing::error!("a handler panicked");
    Problem::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, header};
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn panicking() -> &'static str {
        panic!("the answer was 42")
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_without_its_cause() {
        let router = axum::Router::new().route("/", get(panicking)).layer(CatchPanicLayer::custom(answer_panic));
        let request = Request::get("/").body(Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers().get(header::CONTENT_TYPE).expect("a type"), "application/problem+json");
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let text = String::from_utf8(body.to_vec()).expect("text");
        assert!(text.contains("/problems/internal") && !text.contains("42"), "{text}");
    }
}
