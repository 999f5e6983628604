/** Moving an anchor date: say the day and why, read the plan, then apply that very plan or leave everything as it is. */
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { api, take } from "../api/client";
import { Refusal } from "../api/refusal";
import { Callout, Failure } from "../display/Notice";
import { day } from "../display/When";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import type { Detail, Version } from "./participant";
import { type AnchorPlan, baseOf, deed } from "./plan";
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
  const ask = async (wish: Wish, dryRun: boolean, version: number) => {
    const path = { study_id: study.id, participant_id: participant.id };
    const body = { ...wish, dry_run: dryRun, expected_version: version };
    const moved = await take(
      api.POST("/api/studies/{study_id}/participants/{participant_id}/anchor", { params: { path }, body }),
    );
    return moved.plan;
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
  const preview = useMutation({ mutationFn: (wish: Wish) => ask(wish, true, current.version_number) });
  const move = useOrder({
    run: ({ wish, plan: read }: { wish: Wish; plan: AnchorPlan }) => ask(wish, false, baseOf(read)),
    topics: ["participants", "visits"],
    quiet: true,
    said: (plan) => ({
      title: `Anchor of ${participant.participant_code} moved to ${day(plan.to)}`,
      message: `Version ${plan.next_version_number} is current.`,
    }),
  });
  // A plan that was refused is a plan of yesterday: the next one is asked for anew.
  const overtaken = move.isIdle && preview.data !== undefined && baseOf(preview.data) !== current.version_number;
  const plan = move.isError || overtaken ? undefined : preview.data;
  const refused = move.error ?? preview.error;
  return (
    <Modal opened onClose={onClose} size="xl" title={`Move the anchor date of ${participant.participant_code}`}>
      <form
        onSubmit={form.onSubmit((wish) => {
          move.reset();
          preview.mutate(wish);
        })}
        noValidate
      >
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
          {refused && <Failure error={refused} />}
          {(overtaken || isConflict(move.error)) && <Overtaken current={current} />}
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
                onClick={() => move.mutate({ wish: form.getValues(), plan }, { onSuccess: onClose })}
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

const isConflict = (error: unknown) => error instanceof Refusal && error.status === 409;

/** Somebody else moved first; the page has read the new state already. */
function Overtaken({ current }: { current: Version }) {
  return (
    <Callout tone="warn">
      <Text size="sm">
        Somebody else has moved this anchor; nothing was changed by you. Version {current.version_number} is current
        now, anchored on {day(current.anchor_date_used)}: look whether you still want to move it, then ask for a new
        plan.
      </Text>
    </Callout>
  );
}
