/** What a reconcile came to: each kind of difference with its records, and where what follows from it is seen. */
import { List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { AnchorLink } from "../display/links";
import { Callout } from "../display/Notice";
import { words } from "../display/Status";
import { happened } from "../flags/flags";
import { useStudy } from "../study/study";
import { Absent } from "./Absent";
import { headline, mayBeDeleted, named, type Reconciled } from "./reconcile";

/** How many rows of a kind that has links are shown. */
const SHOWN = 20;

interface Props {
  found: Reconciled;
  /** Orders that what is missing without an explanation is flagged as deleted; nothing for who may not. */
  onAbsent?: (() => void) | undefined;
}

export function ReconciledShown({ found, onAbsent }: Props) {
  const { tone, title, read } = headline(found);
  return (
    <Callout tone={tone}>
      <Stack gap="xs">
        <div>
          <Text fw={600}>{title}</Text>
          <Text size="sm">{read}</Text>
        </div>
        {!found.error && <Differences found={found} />}
        {found.message && <Text size="sm">{found.message}.</Text>}
        {onAbsent && mayBeDeleted(found) && <Absent onOrder={onAbsent} />}
      </Stack>
    </Callout>
  );
}

function Differences({ found }: { found: Reconciled }) {
  const study = useStudy();
  const { counts, dry_run: dry } = found;
  const becomes = dry ? "each would become an event" : "each is an event now";
  const events = (
    <AnchorLink
      size="sm"
      underline="always"
      to="/studies/$study/events"
      params={{ study: study.code }}
      search={{ source: "reconcile" }}
    >
      see the events
    </AnchorLink>
  );
  return (
    <>
      <Kind title="Complete in REDCap without a participant here" count={counts.missing} follows={becomes}>
        <Text size="sm">
          {named(found.missing, counts.missing)}
          {!dry && <> – {events}</>}
        </Text>
      </Kind>
      <Kind title="Otherwise in REDCap than here" count={counts.changed} follows={becomes}>
        <Text size="sm">
          {named(found.changed, counts.changed)}
          {!dry && <> – {events}</>}
        </Text>
      </Kind>
      <Kind
        title="Deleted, renamed or moved"
        count={counts.flags}
        follows={dry ? "each would be a flag" : "each is a flag now"}
      >
        <List size="sm" spacing={2}>
          {found.flags.slice(0, SHOWN).map((flag) => (
            <List.Item key={`${flag.kind} ${flag.record} ${flag.became ?? ""} ${flag.at}`}>
              {happened({
                ...flag,
                record_id: flag.record,
                became: flag.became ?? null,
                was: null,
                redcap_at: flag.at,
              })}
              {!flag.participant && " It concerns nobody here."}
            </List.Item>
          ))}
        </List>
        {!dry && <ToFlags />}
      </Kind>
      <Kind title="Held by a flag" count={counts.held} follows="decide on the flag, then reconcile again">
        <Text size="sm">{named(found.held, counts.held)}</Text>
        {(dry || counts.flags === 0) && <ToFlags />}
      </Kind>
      <Kind title="Waiting for an event" count={counts.waiting} follows="a failed one is replayed by a person">
        <List size="sm" spacing={2}>
          {found.waiting.slice(0, SHOWN).map(({ record, event, status }) => (
            <List.Item key={event}>
              <AnchorLink
                size="sm"
                underline="always"
                to="/studies/$study/events"
                params={{ study: study.code }}
                search={{ event, q: record }}
              >
                {record}
              </AnchorLink>
              : {words(status).toLowerCase()}
            </List.Item>
          ))}
        </List>
      </Kind>
      <Kind
        title="Missing in REDCap without an explanation"
        count={counts.unexplained}
        follows="nothing was done about them"
      >
        <Text size="sm">{named(found.unexplained, counts.unexplained)}</Text>
      </Kind>
    </>
  );
}

interface KindProps {
  title: string;
  count: number;
  /** What was done about them, or is to be done. */
  follows: string;
  children: ReactNode;
}

function Kind({ title, count, follows, children }: KindProps) {
  if (count === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}: {count}{" "}
        <Text span c="dimmed" fw={400}>
          ({follows})
        </Text>
      </Text>
      {children}
    </div>
  );
}

function ToFlags() {
  const study = useStudy();
  return (
    <AnchorLink size="sm" underline="always" to="/studies/$study/flags" params={{ study: study.code }}>
      Look at the flags and decide
    </AnchorLink>
  );
}
