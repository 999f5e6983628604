/** Moving an anchor date: say the day and why, read the plan, then apply that very plan or leave everything as it is. */
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { api, take } from "../api/client";
import { Refusal } from "../api/refusal";
import { Failure } from "../display/Notice";
import { day } from "../display/When";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import type { Detail, Version } from "./participant";
import { type AnchorPlan, deed } from "./plan";
import { PlanShown } from "./PlanShown";

interface Props {
  detail: Detail;
  current: Version;
  onClose: () => void;
}

interface Wish {
  date: string;
  reason: string;
}

export function MoveAnchor({ detail, current, onClose }: Props) {
  const study = useStudy();
  const { participant } = detail;
  const ask = async (wish: Wish, dryRun: boolean) => {
    const path = { study_id: study.id, participant_id: participant.id };
    const body = { ...wish, dry_run: dryRun, expected_version: current.version_number };
    const moved = await take(
      api.POST("/api/studies/{study_id}/participants/{participant_id}/anchor", { params: { path }, body }),
    );
    return moved.plan as unknown as AnchorPlan;
  };
  const form = useForm<Wish>({
    initialValues: { date: "", reason: "" },
    validate: {
      date: (date) => {
        if (!date) return "Choose the new anchor date";
        return date === current.anchor_date_used ? "This is the present anchor date" : null;
      },
      reason: (reason) => (reason.trim() ? null : "Say why: the reason stands in the audit log"),
    },
    onValuesChange: () => preview.reset(),
  });
  const preview = useMutation({ mutationFn: (wish: Wish) => ask(wish, true) });
  const move = useOrder({
    run: (wish: Wish) => ask(wish, false),
    topics: ["participants", "visits"],
    quiet: true,
    said: (plan) => ({
      title: `Anchor of ${participant.participant_code} moved to ${day(plan.to)}`,
      message: `Version ${plan.next_version_number} is current.`,
    }),
  });
  const plan = preview.data;
  const refused = move.error ?? preview.error;
  return (
    <Modal opened onClose={onClose} size="xl" title={`Move the anchor date of ${participant.participant_code}`}>
      <form onSubmit={form.onSubmit((wish) => preview.mutate(wish))} noValidate>
        <Stack>
          <Text size="sm">
            Version {current.version_number} is anchored on {day(current.anchor_date_used)}. Nothing changes until you
            have read the plan and applied it.
          </Text>
          <TextInput type="date" label="New anchor date" data-autofocus {...form.getInputProps("date")} />
          <Textarea
            label="Reason"
            description="For the audit log; leave out names and health data."
            autosize
            minRows={2}
            {...form.getInputProps("reason")}
          />
          {refused && <Refused error={refused} onClose={onClose} />}
          {plan && <PlanShown plan={plan} detail={detail} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Leave it as it is
            </Button>
            {plan ? (
              <Button
                classNames={{ label: "wraps" }}
                h="auto"
                py={8}
                loading={move.isPending}
                disabled={move.isError}
                onClick={() => move.mutate(form.getValues(), { onSuccess: onClose })}
              >
                {deed(plan)}
              </Button>
            ) : (
              <Button type="submit" loading={preview.isPending}>
                Show the plan
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** A conflict means that the plan on the screen is of yesterday: somebody else moved first. */
function Refused({ error, onClose }: { error: unknown; onClose: () => void }) {
  const conflict = error instanceof Refusal && error.status === 409;
  return (
    <Stack gap="xs">
      <Failure error={error} />
      {conflict && (
        <Group>
          <Text size="sm" flex={1}>
            Somebody else has moved it meanwhile. Look at the new timeline before you decide again.
          </Text>
          <Button size="xs" variant="default" onClick={onClose}>
            See the new timeline
          </Button>
        </Group>
      )}
    </Stack>
  );
}
