/** What a person can do about a participant; each opens its dialog, which has an address of its own. */
import { Button, Menu } from "@mantine/core";
import { IconArrowsHorizontal, IconChevronDown, IconFileCheck, IconLink, IconUserOff } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
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
  const open = (next: ParticipantSearch["act"]) => void navigate({ search: next ? { act: next } : {}, replace: true });
  const mover = useRef<HTMLButtonElement>(null);
  const more = useRef<HTMLButtonElement>(null);
  const close = () => {
    const opener = act === "anchor" ? mover : more;
    open(undefined);
    // The item that opened the dialog is gone with its menu, so the focus goes back to the button that is there.
    requestAnimationFrame(() => opener.current?.focus());
  };
  const mayMove = study.detail.may_move_anchor;
  const current = detail.versions.find((version) => version.is_current);
  const withdrawn = detail.participant.status === "withdrawn";
  return (
    <>
      {mayMove && current && !withdrawn && (
        <Button ref={mover} leftSection={<IconArrowsHorizontal size={16} aria-hidden />} onClick={() => open("anchor")}>
          Move anchor date
        </Button>
      )}
      {study.mayCoordinate && !withdrawn && (
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
      {current && act === "anchor" && <MoveAnchor detail={detail} current={current} onClose={close} />}
      {act === "link" && <LinkDialog detail={detail} onClose={close} />}
      {act === "consent" && <ConsentDialog detail={detail} onClose={close} />}
      {act === "withdraw" && <WithdrawDialog detail={detail} onClose={close} />}
    </>
  );
}
