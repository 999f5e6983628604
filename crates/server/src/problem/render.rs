//! A problem as a response, and as the OpenAPI document describes it.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::openapi::{Content, RefOr, Response as ApiResponse, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::Problem;

const MEDIA_TYPE: &str = "application/problem+json";

/// The body of every refusal (RFC 9457).
#[derive(serde::Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `/problems/<slug>`: what to branch on.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    kind: String,
    /// What it is, the same for every occurrence.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is special about this occurrence.
    detail: Option<String>,
    /// Finds the request in the log.
    request_id: Option<String>,
}

/// The refusals of an operation, for its documentation.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> std::collections::BTreeMap<String, RefOr<ApiResponse>> {
        let content = Content::new(Some(RefOr::Ref(utoipa::openapi::Ref::from_schema_name("Problem"))));
        let response = ResponseBuilder::new().description("Refused").content(MEDIA_TYPE, content).build();
        [("default".to_owned(), response.into())].into()
    }
}

impl Problem {
    fn body(&self) -> Value {
        let kind = self.kind();
        let mut body = json!({
            "type": format!("/problems/{}", kind.slug),
            "title": kind.title,
            "status": kind.status.as_u16(),
        });
        if let Some(detail) = self.detail() {
            body["detail"] = detail.into();
        }
        match self {
            Self::BoardRed(rows) => body["rows"] = json!(rows),
            Self::TooLarge(limit) => body["limit_bytes"] = json!(limit),
            Self::DetIncomplete(fields) => body["missing"] = json!(fields),
            Self::RateLimited(seconds) => body["retry_after_s"] = json!(seconds),
            _ => {}
        }
        if let Some(id) = crate::edge::request_id() {
            body["request_id"] = id.to_string().into();
        }
        body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind().status;
        let mut response = (status, self.body().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        match &self {
            Self::RateLimited(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Self::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
