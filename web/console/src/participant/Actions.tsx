/** What a person can do about a participant; each opens its dialog, which has an address of its own. */
import { Button, Menu } from "@mantine/core";
import { IconArrowsHorizontal, IconChevronDown, IconFileCheck, IconLink, IconUserOff } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useStep } from "../display/step";
import type { ParticipantSearch } from "../search";
import { useStudy } from "../study/study";
import { ConsentDialog } from "./ConsentDialog";
import { LinkDialog } from "./LinkDialog";
import { MoveAnchor } from "./MoveAnchor";
import type { Detail } from "./participant";
import { WithdrawDialog } from "./WithdrawDialog";

export function Actions({ detail }: { detail: Detail }) {
  const study = useStudy();
  const { act } = useSearch({ from: "/studies/$study/participants/$participant" });
  const navigate = useNavigate({ from: "/studies/$study/participants/$participant" });
  const step = useStep();
  const open = (next: NonNullable<ParticipantSearch["act"]>) =>
    void navigate({ search: { act: next }, replace: step.replaces(act !== undefined) });
  const close = () => step.close(() => void navigate({ search: {}, replace: true }));
  const mover = useRef<HTMLButtonElement>(null);
  const more = useRef<HTMLButtonElement>(null);
  const shown = useRef(act);
  useEffect(() => {
    const closed = act === undefined ? shown.current : undefined;
    shown.current = act;
    if (!closed) return;
    // The item that opened the dialog is gone with its menu, so the focus goes back to the button that is there.
    requestAnimationFrame(() => (closed === "anchor" ? mover : more).current?.focus());
  }, [act]);
  const current = detail.versions.find((version) => version.is_current);
  const withdrawn = detail.participant.status === "withdrawn";
  const mayMove = study.detail.may_move_anchor && !withdrawn;
  const mayAct = study.mayCoordinate && !withdrawn;
  return (
    <>
      {mayMove && current && (
        <Button ref={mover} leftSection={<IconArrowsHorizontal size={16} aria-hidden />} onClick={() => open("anchor")}>
          Move anchor date
        </Button>
      )}
      {mayAct && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button ref={more} variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
              More
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconLink size={16} aria-hidden />} onClick={() => open("link")}>
              Make a sign-in link
            </Menu.Item>
            {!detail.consent && (
              <Menu.Item leftSection={<IconFileCheck size={16} aria-hidden />} onClick={() => open("consent")}>
                Record consent
              </Menu.Item>
            )}
            <Menu.Item leftSection={<IconUserOff size={16} aria-hidden />} onClick={() => open("withdraw")}>
              Withdraw participant
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {mayMove && current && act === "anchor" && <MoveAnchor detail={detail} current={current} onClose={close} />}
      {mayAct && act === "link" && <LinkDialog detail={detail} onClose={close} />}
      {mayAct && !detail.consent && act === "consent" && <ConsentDialog detail={detail} onClose={close} />}
      {mayAct && act === "withdraw" && <WithdrawDialog detail={detail} onClose={close} />}
    </>
  );
}
