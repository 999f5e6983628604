//! Re-reads that their process does not end, through the real intake: no edit that comes after them is lost.

use chrono::Duration;
use metricis_core::Clock;
use metricis_core::ids::ProcessId;
use metricis_store::intake::DetWriter;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::intake::{Inbox, det};
use crate::world::{conflict, done};

impl Inbox {
    /// A delivery and its repetition; the original is applied, and a worker takes the re-read.
    async fn repeated(&self, writer: &DetWriter, worker: ProcessId) {
        let study = self.world.study;
        writer.receive(det(study, "7")).await.expect("stored");
        let at = self.clock.now().to_rfc3339();
        let text = format!("UPDATE webhook_events SET status = 'processed', effect = 'applied', processed_at = '{at}'");
        self.world.db.as_server(&text).await.expect("applied");
        self.repeat(writer).await;
        assert_eq!(self.claim(worker).await, Some(1));
    }

    async fn repeat(&self, writer: &DetWriter) {
        let again = writer.receive(det(self.world.study, "7")).await.expect("stored");
        assert!(again.duplicate_of.is_some(), "the same save as far as the wire can tell");
    }

    async fn claim(&self, worker: ProcessId) -> Option<i64> {
        let tx = self.world.store().write(self.clock.now()).await.expect("a transaction");
        let reread = tx.claim_reread(worker, usize::MAX).await.expect("an answer");
        done(tx).await;
        reread.map(|reread| reread.generation)
    }

    /// What a live worker's reaper does with re-reads.
    async fn reap(&self, alive: ProcessId) -> usize {
        let tx = self.world.store().write(self.clock.now()).await.expect("a transaction");
        tx.see_process(alive).await.expect("seen");
        let ended = tx.end_dead_rereads("outcome unknown").await.expect("an answer");
        done(tx).await;
        ended.len()
    }

    async fn errors(&self) -> Vec<Option<String>> {
        let read = self.world.store().read(self.clock.now()).await.expect("a snapshot");
        let troubled = read.troubled_rereads(self.world.study).await.expect("re-reads");
        troubled.into_iter().map(|reread| reread.error).collect()
    }
}

#[rstest]
#[tokio::test]
async fn a_reread_whose_process_died_is_ended_and_the_next_duplicate_is_served(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let (dead, alive) = (inbox.world.add_process("worker").await, inbox.world.add_process("worker").await);
    let writer = inbox.writer().await;
    inbox.repeated(&writer, dead).await;
    inbox.clock.advance(Duration::seconds(30));
    assert_eq!(inbox.reap(alive).await, 0, "its process may still live");
    inbox.clock.advance(Duration::seconds(1));
    assert_eq!(inbox.reap(alive).await, 1);
    assert_eq!(inbox.errors().await, [Some("outcome unknown".to_owned())]);
    assert_eq!(inbox.claim(alive).await, None, "never tried again by itself");
    conflict(inbox.world.tx().await.finish_reread(inbox.world.study, "7", 1, dead).await);
    inbox.repeat(&writer).await;
    assert_eq!(inbox.errors().await, [], "asked anew");
    assert_eq!(inbox.claim(alive).await, Some(2));
    assert_eq!(inbox.reap(alive).await, 0, "a live process keeps its own");
}

#[rstest]
#[tokio::test]
async fn what_was_asked_for_while_the_dead_process_held_it_is_served(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let (dead, alive) = (inbox.world.add_process("worker").await, inbox.world.add_process("worker").await);
    let writer = inbox.writer().await;
    inbox.repeated(&writer, dead).await;
    inbox.repeat(&writer).await;
    assert_eq!(inbox.claim(alive).await, None, "it is held");
    inbox.clock.advance(Duration::seconds(31));
    assert_eq!(inbox.reap(alive).await, 1);
    assert_eq!(inbox.claim(alive).await, Some(2), "the edit came after the dead process had begun");
}

#[rstest]
#[tokio::test]
async fn a_duplicate_frees_a_reread_held_for_over_a_quarter_of_an_hour(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let (hung, alive) = (inbox.world.add_process("worker").await, inbox.world.add_process("worker").await);
    let writer = inbox.writer().await;
    inbox.repeated(&writer, hung).await;
    inbox.clock.advance(Duration::minutes(15));
    inbox.repeat(&writer).await;
    assert_eq!(inbox.claim(alive).await, None, "work in progress");
    inbox.clock.advance(Duration::microseconds(1));
    assert_eq!(inbox.errors().await, [None], "shown as held for too long");
    inbox.repeat(&writer).await;
    assert_eq!(inbox.claim(alive).await, Some(3));
    conflict(inbox.world.tx().await.finish_reread(inbox.world.study, "7", 1, hung).await);
}
