//! Any history of renames, swaps, removals and returns, with and without event ids.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn event(number: usize, day_offset: Option<i64>) -> RemoteEvent {
    RemoteEvent {
        event_name: format!("visit_{number}_arm_1"),
        arm_num: 1,
        label: format!("Visit {number}"),
        day_offset,
        offset_min: Some(-2),
        offset_max: Some(3),
        ..RemoteEvent::default()
    }
}

/// What the store does with a plan.
fn apply(plan: &EventSyncPlan, windows: &mut Vec<Window>) {
    let build = |id, draft: &WindowDraft, before: Option<i64>| Window {
        id,
        event_id: draft.event_id.or(before),
        arm_num: draft.arm_num,
        event_name: draft.event_name.clone(),
        label: draft.label.clone(),
        day_offset: draft.day_offset,
        days_before: draft.days_before,
        days_after: draft.days_after,
        position: draft.position,
        repeating: draft.repeating,
        active: true,
    };
    for window in windows.iter_mut().filter(|window| plan.retire.contains(&window.id)) {
        window.active = false;
    }
    for (id, name) in &plan.set_aside {
        windows.iter_mut().find(|window| window.id == *id).expect("a known window").event_name = name.clone();
    }
    for (id, draft) in &plan.update {
        let window = windows.iter_mut().find(|window| window.id == *id).expect("a known window");
        *window = build(*id, draft, window.event_id);
    }
    for draft in &plan.create {
        let id = WindowId(Uuid::from_u128(windows.len() as u128));
        windows.push(build(id, draft, None));
    }
    let names: BTreeSet<_> = windows.iter().map(|window| &window.event_name).collect();
    assert_eq!(names.len(), windows.len(), "the database has one window of each name");
}

/// An event of arm 1 as a server with ids sends it.
fn numbered(id: i64, name: &str) -> RemoteEvent {
    let event_name = format!("{name}_arm_1");
    RemoteEvent { event_id: Some(id), event_name, label: name.to_owned(), ..event(1, Some(7)) }
}

fn synced(remote: &[RemoteEvent], windows: &mut Vec<Window>) -> EventSyncPlan {
    let plan = plan_event_sync(remote, windows).expect("a plan");
    apply(&plan, windows);
    plan
}

fn told(windows: &[Window]) -> Vec<(&str, Option<i64>, bool)> {
    windows.iter().map(|window| (window.event_name.as_str(), window.event_id, window.active)).collect()
}

#[test]
fn the_first_run_creates_and_later_runs_update_all() {
    let remote = [event(1, Some(0)), event(2, Some(30)), event(3, None)];
    let mut windows = Vec::new();
    let first = plan_event_sync(&remote, &windows).expect("a plan");
    assert_eq!((first.create.len(), first.update.len(), first.retire.len()), (3, 0, 0));
    assert_eq!(first.unscheduled, ["visit_3_arm_1"], "said, not guessed");
    assert_eq!((first.create[0].days_before, first.create[0].days_after), (2, 3));
    apply(&first, &mut windows);
    let second = plan_event_sync(&remote, &windows).expect("a plan");
    assert_eq!((second.create.len(), second.update.len(), second.retire.len()), (0, 3, 0));
}

#[test]
fn an_event_gone_is_retired_and_comes_back_as_the_same_window() {
    let (both, one) = ([event(1, Some(0)), event(2, Some(7))], [event(1, Some(0))]);
    let mut windows = Vec::new();
    apply(&plan_event_sync(&both, &windows).expect("a plan"), &mut windows);
    let gone = plan_event_sync(&one, &windows).expect("a plan");
    assert_eq!(gone.retire, [windows[1].id]);
    apply(&gone, &mut windows);
    assert_eq!(plan_event_sync(&one, &windows).expect("a plan").retire, [], "retired once");
    let back = plan_event_sync(&both, &windows).expect("a plan");
    assert_eq!((back.create.len(), back.update.len()), (0, 2));
}

#[test]
fn a_renamed_event_keeps_its_window() {
    let mut windows = vec![];
    synced(&[numbered(41, "week_1"), numbered(42, "week_2")], &mut windows);
    let plan = synced(&[numbered(41, "first_week"), numbered(42, "week_2")], &mut windows);
    assert_eq!((plan.create.len(), plan.update.len(), plan.retire.len()), (0, 2, 0));
    assert_eq!((plan.renamed, plan.remade), (vec![windows[0].id], vec![]));
    assert_eq!(told(&windows), [("first_week_arm_1", Some(41), true), ("week_2_arm_1", Some(42), true)]);
}

#[test]
fn swapped_names_and_a_chain_of_names_follow_the_ids() {
    let mut windows = vec![];
    synced(&[numbered(1, "a"), numbered(2, "b"), numbered(3, "c")], &mut windows);
    let swapped = synced(&[numbered(1, "b"), numbered(2, "a"), numbered(3, "c")], &mut windows);
    assert_eq!((swapped.renamed.len(), swapped.create.len(), swapped.retire.len()), (2, 0, 0));
    let chain = synced(&[numbered(1, "a"), numbered(2, "c"), numbered(3, "d")], &mut windows);
    assert_eq!((chain.renamed.len(), chain.create.len(), chain.retire.len()), (3, 0, 0));
    assert_eq!(told(&windows), [("a_arm_1", Some(1), true), ("c_arm_1", Some(2), true), ("d_arm_1", Some(3), true)]);
}

#[test]
fn a_removed_event_gives_up_its_name_to_the_one_that_takes_it() {
    let mut windows = vec![];
    synced(&[numbered(1, "a"), numbered(2, "b")], &mut windows);
    let plan = synced(&[numbered(2, "a")], &mut windows);
    assert_eq!((plan.retire, plan.renamed), (vec![windows[0].id], vec![windows[1].id]));
    assert_eq!(windows[1].event_name, "a_arm_1");
    assert!(windows[0].event_name.starts_with("a_arm_1#"), "a result of its visits must not reach the other event");
    let again = synced(&[numbered(2, "a")], &mut windows);
    assert_eq!((again.set_aside.len(), again.renamed.len(), again.retire.len()), (0, 0, 0));
}

#[test]
fn an_event_made_anew_under_its_name_is_the_same_window_with_another_id() {
    let mut windows = vec![];
    synced(&[numbered(1, "a"), numbered(2, "b")], &mut windows);
    let at_once = synced(&[numbered(1, "a"), numbered(9, "b")], &mut windows);
    assert_eq!((at_once.create.len(), at_once.retire.len(), at_once.remade), (0, 0, vec![windows[1].id]));
    synced(&[numbered(9, "b")], &mut windows);
    let later = synced(&[numbered(10, "a"), numbered(9, "b")], &mut windows);
    assert_eq!((later.create.len(), later.remade), (0, vec![windows[0].id]), "also after a sync that missed it");
    assert_eq!(told(&windows), [("a_arm_1", Some(10), true), ("b_arm_1", Some(9), true)]);
}

#[test]
fn without_ids_names_decide_and_an_id_once_learned_stays() {
    let bare = |name: &str| RemoteEvent { event_id: None, ..numbered(1, name) };
    let mut windows = vec![];
    synced(&[bare("a"), bare("b")], &mut windows);
    let learned = synced(&[numbered(1, "a"), numbered(2, "b")], &mut windows);
    assert_eq!((learned.create.len(), learned.renamed.len(), learned.remade.len()), (0, 0, 0));
    synced(&[bare("a"), bare("b")], &mut windows);
    assert_eq!(told(&windows), [("a_arm_1", Some(1), true), ("b_arm_1", Some(2), true)]);
    let renamed = synced(&[bare("a"), bare("c")], &mut windows);
    assert_eq!((renamed.create.len(), renamed.retire), (1, vec![windows[1].id]), "a new name is a new event then");
}

#[test]
fn one_id_for_two_events_refuses_all() {
    let refusal = plan_event_sync(&[numbered(4, "a"), numbered(4, "b")], &[]).expect_err("refused").to_string();
    assert!(refusal.contains("\"b_arm_1\" (number 2) has the event id 4 of another event"), "{refusal}");
}

#[test]
fn a_project_that_became_classic_keeps_no_window_active() {
    let mut windows = vec![];
    synced(&[numbered(1, "a"), numbered(2, "b")], &mut windows);
    windows[0].active = false;
    assert_eq!(plan_classic(&windows).retire, [windows[1].id]);
}

#[test]
fn one_bad_event_refuses_all_and_is_named() {
    let spoil: [fn(&mut RemoteEvent); 7] = [
        |event| event.offset_min = Some(-40_000),
        |event| event.offset_max = Some(999_999_999_999),
        |event| event.day_offset = Some(i64::MIN),
        |event| event.arm_num = 0,
        |event| event.arm_num = 2,
        |event| event.event_name = "  ".to_owned(),
        |event| event.event_name = "visit_1_arm_1".to_owned(),
    ];
    for spoil in spoil {
        let mut remote = [event(1, Some(0)), event(2, Some(7))];
        spoil(&mut remote[1]);
        let name = remote[1].event_name.clone();
        match plan_event_sync(&remote, &[]) {
            Err(EventSyncRefusal::BadEvent { event_name, number: 2, .. }) => assert_eq!(event_name, name),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(plan_event_sync(&[], &[]), Err(EventSyncRefusal::NoEvents));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_history_of_syncs_ends_with_redcaps_events_active(
        history in prop::collection::vec(prop::collection::btree_set(1_usize..12, 1..10), 1..6),
    ) {
        let mut windows = Vec::new();
        for numbers in &history {
            let remote: Vec<_> = numbers.iter().map(|number| event(*number, Some(7))).collect();
            apply(&plan_event_sync(&remote, &windows).expect("a plan"), &mut windows);
            let again = plan_event_sync(&remote, &windows).expect("a plan");
            prop_assert_eq!((again.create.len(), again.update.len(), again.retire.len()), (0, remote.len(), 0));
            let active: BTreeSet<_> =
                windows.iter().filter(|window| window.active).map(|window| window.event_name.clone()).collect();
            prop_assert_eq!(active, remote.into_iter().map(|event| event.event_name).collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn an_event_is_the_same_window_for_as_long_as_redcap_has_it(
        // For each sync and each event id whether it is there, and which name it has: a permutation.
        history in prop::collection::vec(
            (prop::collection::vec(any::<bool>(), 6), Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle()),
            1..8,
        ),
    ) {
        let mut windows = Vec::new();
        let mut before: BTreeMap<i64, WindowId> = BTreeMap::new();
        for (there, names) in &history {
            let remote: Vec<_> = (0..6)
                .filter(|id| there[*id])
                .map(|id| numbered(id as i64, &format!("event_{}", names[id])))
                .collect();
            if remote.is_empty() {
                continue;
            }
            synced(&remote, &mut windows);
            let active = windows.iter().filter(|window| window.active);
            let now: BTreeMap<i64, WindowId> =
                active.clone().map(|window| (window.event_id.expect("an id"), window.id)).collect();
            let names: BTreeSet<_> = active.map(|window| window.event_name.clone()).collect();
            prop_assert_eq!(names, remote.iter().map(|event| event.event_name.clone()).collect::<BTreeSet<_>>());
            prop_assert!(before.iter().all(|(id, window)| now.get(id).is_none_or(|same| same == window)));
            let again = plan_event_sync(&remote, &windows).expect("a plan");
            prop_assert_eq!(
                (again.create.len(), again.retire.len(), again.renamed.len(), again.remade.len(), again.set_aside.len()),
                (0, 0, 0, 0, 0)
            );
            before = now;
        }
    }
}
