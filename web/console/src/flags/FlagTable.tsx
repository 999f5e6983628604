/** Flags as rows: what happened, whose record it is, and the decision, or what was decided and why. */
import { Button, Group, Table, Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { AnchorLink } from "../display/links";
import { Wide } from "../display/Page";
import { Status } from "../display/Status";
import { When } from "../display/When";
import { useStudy } from "../study/study";
import { useDecision } from "./decision";
import { choicesOf, decidedWords, type Flag, happened, type How, isDecision, meanwhile, wordsOf } from "./flags";
import { Resolve } from "./Resolve";

interface Props {
  flags: readonly Flag[];
  label: string;
  /** Without the participant, on the participant's own page. */
  ofOne?: boolean;
}

/** The rows and, over them, the decision that is being taken: it stays when its row has gone. */
export function FlagTable({ flags, empty, ...shown }: Props & { empty?: ReactNode }) {
  const { chosen, how, open, close, done } = useChosen(flags);
  return (
    <>
      {flags.length === 0 ? empty : <Rows flags={flags} {...shown} onDecide={open} />}
      {chosen && how && <Resolve flag={chosen} how={how} onClose={close} onDone={done} />}
    </>
  );
}

type Decide = (flag: Flag, how: How) => void;

function Rows({ flags, label, ofOne = false, onDecide }: Props & { onDecide: Decide }) {
  const undecided = flags.filter(({ resolution }) => !resolution);
  return (
    <Wide label={label} stacks>
      <Table verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What happened</Table.Th>
            {!ofOne && <Table.Th>Participant</Table.Th>}
            <Table.Th>Found</Table.Th>
            <Table.Th>Decision</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {flags.map((flag) => (
            <Table.Tr key={flag.id}>
              <Table.Td data-label="What happened" miw={260} maw={520}>
                <div>
                  <Text size="sm">{happened(flag)}</Text>
                  {!flag.resolution && (
                    <Text size="xs" c="dimmed">
                      {meanwhile(flag, undecided)}
                    </Text>
                  )}
                </div>
              </Table.Td>
              {!ofOne && (
                <Table.Td data-label="Participant">
                  <Whose flag={flag} />
                </Table.Td>
              )}
              <Table.Td data-label="Found">
                <When at={flag.raised_at} />
              </Table.Td>
              <Table.Td data-label="Decision" maw={360}>
                {flag.resolution ? <Decided flag={flag} /> : <Choices flag={flag} onDecide={onDecide} />}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

/** The flag that is being decided on, also when somebody else has decided meanwhile: the server says so to who typed a reason. */
function useChosen(flags: readonly Flag[]) {
  const { decision, open, close } = useDecision();
  const [held, hold] = useState<Flag>();
  const listed = flags.find(({ id, resolution }) => id === decision.flag && !resolution);
  if (listed && listed !== held) hold(listed);
  const opener = useRef<Element>(null);
  const shown = useRef(decision.flag);
  useEffect(() => {
    const closed = decision.flag === undefined && shown.current !== undefined;
    shown.current = decision.flag;
    if (!closed) return;
    // A decision takes the row and its buttons away; the page stays.
    requestAnimationFrame(() => {
      const back = opener.current ?? document.querySelector("main");
      if (back instanceof HTMLElement) back.focus();
    });
  }, [decision.flag]);
  return {
    // An address may name a decision that such a flag does not have.
    chosen: held && held.id === decision.flag && decision.how && isDecision(held, decision.how) ? held : undefined,
    how: decision.how,
    open: (flag: Flag, how: How) => {
      opener.current = document.activeElement;
      open(flag.id, how);
    },
    close,
    done: () => {
      opener.current = null;
      close();
    },
  };
}

function Whose({ flag }: { flag: Flag }) {
  const study = useStudy();
  if (!flag.participant_id) return <Text size="sm">Nobody here</Text>;
  return (
    <AnchorLink
      size="sm"
      to="/studies/$study/participants/$participant"
      params={{ study: study.code, participant: flag.participant_id }}
    >
      {flag.participant_code ?? "Participant"}
    </AnchorLink>
  );
}

function Choices({ flag, onDecide }: { flag: Flag; onDecide: Decide }) {
  const study = useStudy();
  if (flag.choices.length === 0) return <Status of="waits">Waits for an earlier decision</Status>;
  if (!study.mayCoordinate) return <Status of="waits">Waits for a coordinator</Status>;
  return (
    <Group gap={6}>
      {choicesOf(flag).map((how) => {
        const { choose, label } = wordsOf(flag, how);
        return (
          <Button
            key={how}
            size="xs"
            variant={flag.kind === "renamed" && how === "followed" ? "filled" : "default"}
            aria-label={label}
            onClick={() => onDecide(flag, how)}
          >
            {choose}
          </Button>
        );
      })}
    </Group>
  );
}

function Decided({ flag }: { flag: Flag }) {
  return (
    <div>
      <Text size="sm">
        {flag.resolution && decidedWords(flag, flag.resolution)}
        {flag.resolved_at && (
          <>
            , <When at={flag.resolved_at} />
          </>
        )}
      </Text>
      {flag.reason && (
        <Text size="xs" c="dimmed">
          “{flag.reason}”
        </Text>
      )}
    </div>
  );
}
