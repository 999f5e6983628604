//! What a used link has opened, so that a participant can sign out.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "c3d4e5f6a7b8_add_participant_sign_ins",
    up: &[
        // The token of a sign-in carries this id; without a row that has it and is not signed out, the token is refused.
        "ALTER TABLE participant_links ADD COLUMN sign_in_id {uuid}",
        "ALTER TABLE participant_links ADD COLUMN signed_out_at {ts}",
        "CREATE UNIQUE INDEX ux_participant_links_sign_in ON participant_links (sign_in_id)",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &[
        "DROP INDEX ux_participant_links_sign_in",
        "ALTER TABLE participant_links DROP COLUMN signed_out_at",
        "ALTER TABLE participant_links DROP COLUMN sign_in_id",
    ],
    down_postgres: &[],
    destroys: &[(
        "participant_links.sign_in_id",
        "SELECT count(*) FROM participant_links WHERE sign_in_id IS NOT NULL",
    )],
};
