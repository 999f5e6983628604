/** What happened to records in REDCap and needs a person's decision; those that were decided on, on request. */
import { Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { AnchorLink } from "../display/links";
import { Empty, Failure, Waiting } from "../display/Notice";
import { Page, Panel } from "../display/Page";
import { flagSearch } from "../search";
import { useStudy } from "../study/study";
import { flagsQuery } from "./flags";
import { FlagTable } from "./FlagTable";

/** How many the server shows at once. */
const SHOWN = 500;

export function Flags() {
  const study = useStudy();
  const { all = false } = useSearch({ from: "/studies/$study/flags" });
  const navigate = useNavigate({ from: "/studies/$study/flags" });
  const asked = useQuery(flagsQuery(study.id, all));
  const open = asked.data?.open ?? 0;
  const listed = asked.data?.flags ?? [];
  return (
    <Page
      title="Flags"
      about="Records that were deleted, renamed or moved to another group in REDCap. Nothing is deleted here; a person decides what follows."
      actions={
        <Switch
          label="Show closed ones as well"
          checked={all}
          onChange={(event) =>
            void navigate({ search: flagSearch({ all: event.currentTarget.checked }), replace: true })
          }
        />
      }
    >
      <Panel title={asked.data ? (open === 1 ? "1 waits for a decision" : `${open} wait for a decision`) : "Flags"}>
        {asked.isPending && <Waiting rows={4} />}
        {asked.isError && <Failure error={asked.error} onRetry={() => void asked.refetch()} />}
        {asked.data && <FlagTable flags={listed} label="Flags" empty={<Nothing all={all} />} />}
        {listed.length === SHOWN && (
          <Text size="xs" c="dimmed" mt="xs">
            The latest {SHOWN} are shown.
          </Text>
        )}
      </Panel>
    </Page>
  );
}

function Nothing({ all }: { all: boolean }) {
  const study = useStudy();
  return (
    <Empty title={all ? "No flag has been raised" : "Nothing waits for a decision"}>
      REDCap announces neither deletions nor renames: a reconcile finds them in its log.{" "}
      <AnchorLink
        size="sm"
        underline="always"
        to="/studies/$study/redcap"
        params={{ study: study.code }}
        hash="reconcile"
      >
        See when the last one ran
      </AnchorLink>
    </Empty>
  );
}
