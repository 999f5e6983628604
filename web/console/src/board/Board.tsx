/** The go/no-go board: each row of the checklist with what was seen of the running system, and what to do about a red one. */
import { Anchor, Button, Code, Group, List, Switch, Text, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import type { Schemas } from "@metricis/api";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../api/client";
import { studyQuery } from "../api/query";
import { Callout, Empty, Failure, Waiting } from "../display/Notice";
import { Page } from "../display/Page";
import { Status } from "../display/Status";
import { When } from "../display/When";
import { type StudyDetail, useStudy } from "../study/study";
import classes from "./Board.module.css";

type Row = Schemas["Row"];

const boardQuery = (study: string) => ({
  ...studyQuery(study, ["board", "settings", "redcap"], ["board"], () =>
    take(api.GET("/api/studies/{study_id}/cutover", { params: { path: { study_id: study } } })),
  ),
  // Each check probes the running system: it is made when somebody looks, not each time a window gets the focus.
  refetchOnWindowFocus: false,
});

export function Board() {
  const study = useStudy();
  const asked = useQuery(boardQuery(study.id));
  const [onlyRed, setOnlyRed] = useState(false);
  const rows = asked.data?.rows ?? [];
  const shown = onlyRed ? rows.filter(({ state }) => state === "red") : rows;
  return (
    <Page
      title="Go / no-go"
      about={
        asked.data ? (
          <>
            Checked <When at={asked.data.checked_at} />. A probe leaves no row, alert or count behind.
          </>
        ) : (
          "Probing the running system; this takes some seconds."
        )
      }
      actions={
        <>
          <Switch
            label="Red rows only"
            checked={onlyRed}
            onChange={(event) => setOnlyRed(event.currentTarget.checked)}
          />
          <Button
            variant="default"
            loading={asked.isFetching}
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => void asked.refetch()}
          >
            Check again
          </Button>
        </>
      }
    >
      {asked.isPending && <Waiting rows={15} height={52} />}
      {asked.isError && <Failure error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data && <Verdict rows={rows} />}
      {asked.data && shown.length === 0 && <Empty level={2} title="No row is red" />}
      {shown.length > 0 && (
        <ol className={classes["rows"]}>
          {shown.map((row) => (
            <BoardRow key={row.number} row={row} />
          ))}
        </ol>
      )}
    </Page>
  );
}

/** Whether the study may go live; when not, each row that stands in the way. */
function Verdict({ rows }: { rows: Row[] }) {
  const { detail } = useStudy();
  const red = rows.filter(({ state }) => state === "red");
  return (
    <Callout tone={red.length === 0 ? "good" : "bad"}>
      <Group gap="sm">
        <Status of={red.length === 0 ? "green" : "red"} />
        <Text fw={600}>{verdict(detail.status, rows.length, red.length)}</Text>
      </Group>
      {red.length > 0 && (
        <List size="sm" mt={6} spacing={2}>
          {red.map(({ number, name }) => (
            <List.Item key={number}>
              <Anchor size="sm" href={`#row-${number}`}>
                {number} {name}
              </Anchor>
            </List.Item>
          ))}
        </List>
      )}
    </Callout>
  );
}

/** What the board means for a study in this status. */
export function verdict(status: StudyDetail["status"], rows: number, red: number): string {
  if (red === 0) {
    const next = { draft: ": it can be activated", paused: ": it can be resumed", active: "", completed: "" }[status];
    return `All ${rows} rows are green; the study is ${status}${next}`;
  }
  const are = `${red} of ${rows} rows ${red === 1 ? "is" : "are"} red`;
  if (status === "draft") return `This study is a draft and cannot be activated: ${are}`;
  if (status === "paused") return `This study is paused and cannot be resumed: ${are}`;
  if (status === "completed") return `${are}; the study is completed`;
  return `${are} while the study is active: see to them now`;
}

function BoardRow({ row }: { row: Row }) {
  return (
    <li className={classes["row"]} data-state={row.state} id={`row-${row.number}`}>
      <span className={classes["number"]}>{row.number}</span>
      <div className={classes["text"]}>
        <Group gap="sm" justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} size="h3" miw={0} className={classes["evidence"] ?? ""}>
            {row.name}
          </Title>
          <Status of={row.state} />
        </Group>
        <Text size="sm" className={classes["evidence"] ?? ""}>
          {row.evidence}
        </Text>
        {row.remedy && (
          <Text size="sm" className={classes["remedy"] ?? ""}>
            <b>What to do:</b> {row.remedy}
          </Text>
        )}
        <Text size="xs" c="dimmed">
          Guarantee <Code>{row.guarantee}</Code>
        </Text>
      </div>
    </li>
  );
}
