//! The web applications as the server hands them out: what the browser is told it may run, what it may keep, deep links.

use metricis_store::testing::Engine;

use crate::ask::{Ask, Reply};
use crate::world::World;

/// Whether the program under test was built with its pages.
async fn index_of(world: &World, path: &str) -> Option<Reply> {
    let reply = world.send(Ask::get(path)).await;
    if reply.status == 200 {
        return Some(reply);
    }
    assert_eq!(reply.status, 404);
    assert!(reply.text.contains("built without its web pages") && reply.text.contains("npm"), "{}", reply.text);
    None
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[rstest::rstest]
#[case::console("/console/")]
#[case::participant("/app/")]
#[tokio::test]
async fn a_page_runs_only_what_came_from_here(#[case] path: &str) {
    let world = World::new(Engine::Sqlite).await;
    let Some(first) = index_of(&world, path).await else { return };
    let policy = header(&first, "content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!first.text.contains("METRICIS_CSP_NONCE"));
    let second = world.send(Ask::get(path)).await;
    assert_ne!(policy, header(&second, "content-security-policy"), "each answer has its own nonce");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("cache-control", "no-cache")]
    {
        assert_eq!(header(&first, name), value);
    }
    // An address inside the application is the application.
    let deep = world.send(Ask::get(format!("{path}studies/1/participants/2"))).await;
    assert_eq!((deep.status.as_u16(), header(&deep, "content-type")), (200, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn a_file_is_packed_kept_for_ever_and_known_by_its_digest() {
    let world = World::new(Engine::Sqlite).await;
    let Some(index) = index_of(&world, "/console/").await else { return };
    let begin = index.text.find("/console/assets/").expect("a script");
    let path: String = index.text[begin..].chars().take_while(|letter| *letter != '"').collect();
    let plain = world.send(Ask::get(&path)).await;
    let packed = world.send(Ask::get(&path).header("accept-encoding", "gzip;q=0, br")).await;
    assert_eq!((header(&plain, "content-encoding"), header(&packed, "content-encoding")), ("", "br"));
    assert_eq!(header(&packed, "content-type"), header(&plain, "content-type"));
    assert_eq!(header(&packed, "cache-control"), "public, max-age=31536000, immutable");
    let tag = header(&packed, "etag").to_owned();
    let again = world.send(Ask::get(&path).header("accept-encoding", "br").header("if-none-match", &tag)).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    // A file of an earlier release is gone; a page in its place would be run as a script.
    assert_eq!(world.send(Ask::get("/console/assets/index-00000000.js")).await.status, 404);
}

#[tokio::test]
async fn the_bare_address_leads_to_the_console() {
    let world = World::new(Engine::Sqlite).await;
    let reply = world.send(Ask::get("/")).await;
    assert_eq!((reply.status.as_u16(), header(&reply, "location")), (303, "/console/"));
    let reply = world.send(Ask::get("/app")).await;
    assert_eq!((reply.status.as_u16(), header(&reply, "location")), (308, "/app/"));
    assert_eq!(header(&reply, "content-security-policy"), "default-src 'none'");
}

#[tokio::test]
async fn the_service_worker_may_load_its_library_and_fetch_what_it_keeps() {
    let world = World::new(Engine::Sqlite).await;
    let Some(_) = index_of(&world, "/app/").await else { return };
    let worker = world.send(Ask::get("/app/sw.js")).await;
    assert_eq!((worker.status.as_u16(), header(&worker, "cache-control")), (200, "no-cache"));
    assert_eq!(header(&worker, "content-security-policy"), "default-src 'none'; script-src 'self'; connect-src 'self'");
}

#[tokio::test]
async fn the_type_of_each_problem_leads_to_a_page_that_says_what_to_do() {
    let world = World::new(Engine::Sqlite).await;
    for kind in metricis_server::KINDS {
        let page = world.send(Ask::get(format!("/problems/{}", kind.slug))).await;
        assert_eq!(
            (page.status.as_u16(), &page.headers["content-type"]),
            (200, &"text/html; charset=utf-8".parse().expect("a type"))
        );
        let escaped = kind.remedy.replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.text.contains(kind.title) && page.text.contains(&escaped), "{}", page.text);
    }
    let led = world.send(Ask::get("/api/studies")).await.problem(401, "unauthenticated");
    world.send(Ask::get(led["type"].as_str().expect("an address"))).await.ok();
    world.send(Ask::get("/problems/none")).await.problem(404, "not-found");
}
