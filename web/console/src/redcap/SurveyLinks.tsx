/** Survey links come by themselves; this asks for all of them again, for when somebody has reset them in REDCap. */
import { Button, Stack, Text } from "@mantine/core";
import { Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { useStudy } from "../study/study";
import { OutcomeShown } from "./OutcomeShown";
import { linksOutcome } from "./outcome";
import { type RedcapShown, useLinkRefresh } from "./redcap";

export function SurveyLinks({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const refresh = useLinkRefresh();
  const surveys = redcap.survey_instruments ?? [];
  return (
    <Panel
      id="survey-links"
      title="Survey links"
      about="Each participant's links are fetched from REDCap a week before a visit opens. A link is shown to its participant only."
      actions={
        study.mayAdminister && (
          <Button
            variant="default"
            loading={refresh.isPending}
            disabled={!redcap.has_token || surveys.length === 0}
            onClick={() => refresh.mutate()}
          >
            Fetch all links again
          </Button>
        )
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {surveys.length === 0 ? "No instrument is named as a survey." : `Surveys: ${surveys.join(", ")}.`}
        </Text>
        {refresh.error && <Failure error={refresh.error} />}
        {refresh.data && !refresh.isPending && <OutcomeShown outcome={linksOutcome(refresh.data)} />}
      </Stack>
    </Panel>
  );
}
