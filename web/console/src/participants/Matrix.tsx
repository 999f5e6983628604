/**
 * The status matrix. Only what is in sight is in the page (some 300 cells, however many participants there are); both
 * axes stay in view; the whole grid is one stop of the Tab key.
 */
// A table element cannot hold rows that are placed by hand, so the roles say what these boxes are.
/* oxlint-disable jsx-a11y/prefer-tag-over-role */
import { Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from "react";
import type { MatrixShown, ParticipantFilter } from "../api/shown";
import { Failure } from "../display/Notice";
import { Status } from "../display/Status";
import { useStudy } from "../study/study";
import classes from "./Matrix.module.css";
import { MatrixRowShown } from "./MatrixRow";
import { type Place, step } from "./roving";
import { useRows } from "./rows";

export const ROW = 36;
export const COLUMN = 104;
const AXIS = 152;
const HEAD = 44;
const SCROLLBAR = 18;

interface Props {
  filter: ParticipantFilter;
  total: number;
  windows: MatrixShown["windows"];
}

export function Matrix({ filter, total, windows }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  // The React compiler, which this build does not use, would leave this component alone.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 1,
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
  });
  const columns = useVirtualizer({
    horizontal: true,
    count: windows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => COLUMN,
    overscan: 0,
    paddingStart: AXIS,
    scrollPaddingStart: AXIS,
  });
  const inSight = rows.getVirtualItems();
  const across = columns.getVirtualItems();
  const first = inSight[0]?.index ?? 0;
  const last = inSight.at(-1)?.index ?? 0;
  const seen = useRows(filter, first, last, rows.isScrolling);
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const wanted = useRef(false);
  const rendered = inSight.some(({ index }) => index === active.row);
  // When the active cell has scrolled away, the first row in sight takes its place as the stop of the Tab key.
  const stop = rendered ? active : { row: first, column: 0 };

  useEffect(() => {
    if (!wanted.current) return;
    const cell = scroller.current?.querySelector<HTMLElement>(`[data-place="${active.row}:${active.column}"]`);
    if (!cell) return;
    wanted.current = false;
    cell.focus({ preventScroll: true });
  });

  const press = (event: KeyboardEvent) => {
    const extent = { rows: total, columns: windows.length + 1, page: Math.max(1, inSight.length - 5) };
    const next = step(event.key, event.ctrlKey || event.metaKey, stop, extent);
    if (!next) return;
    event.preventDefault();
    wanted.current = true;
    setActive(next);
    rows.scrollToIndex(next.row);
    if (next.column > 0) columns.scrollToIndex(next.column - 1);
    else scroller.current?.scrollTo({ left: 0 });
  };
  const follow = useFollow();
  const width = columns.getTotalSize();
  return (
    <div>
      {seen.error && <Failure error={seen.error} onRetry={seen.again} />}
      {/* The keys belong to the cells; the grid only hears them. */}
      <div
        ref={scroller}
        className={classes["grid"]}
        role="grid"
        tabIndex={-1}
        aria-label="Participants by visits"
        aria-rowcount={total + 1}
        aria-colcount={windows.length + 1}
        style={{ maxWidth: width + SCROLLBAR, maxHeight: HEAD + total * ROW + SCROLLBAR }}
        onKeyDown={press}
        onClick={follow}
      >
        <div className={classes["head"]} role="row" aria-rowindex={1} style={{ width, height: HEAD }}>
          <div className={classes["corner"]} role="columnheader" aria-colindex={1} style={{ width: AXIS }}>
            Participant
          </div>
          {across.map(({ index, start }) => (
            <div
              key={index}
              className={classes["window"]}
              role="columnheader"
              aria-colindex={index + 2}
              style={{ left: start, width: COLUMN }}
              title={windows[index]?.event_name}
            >
              {windows[index]?.label}
              {manyArms(windows) && <span className={classes["arm"]}>arm {windows[index]?.arm}</span>}
            </div>
          ))}
        </div>
        <div role="rowgroup" className={classes["body"]} style={{ width, height: rows.getTotalSize() }}>
          {inSight.map(({ index, start }) => (
            <MatrixRowShown
              key={index}
              index={index}
              top={start - HEAD}
              axis={AXIS}
              row={seen.at(index)}
              windows={windows}
              across={across}
              stop={stop.row === index ? stop.column : null}
              onFocus={setActive}
            />
          ))}
        </div>
      </div>
      <div className={classes["legend"]}>
        {["completed", "due", "overdue", "upcoming", "missed", "cancelled"].map((state) => (
          <Status key={state} of={state} />
        ))}
        <Text size="xs" c="dimmed">
          Arrow keys move, Enter opens.
        </Text>
      </div>
    </div>
  );
}

const manyArms = (windows: MatrixShown["windows"]) => windows.some(({ arm }) => arm !== windows[0]?.arm);

/** Follows a cell's link inside the page; a click with a modifier stays the browser's. */
function useFollow() {
  const study = useStudy();
  const navigate = useNavigate();
  return (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const participant = link?.dataset["participant"];
    if (!link || !participant) return;
    event.preventDefault();
    const params = { study: study.code, participant };
    void navigate({ to: "/studies/$study/participants/$participant", params, hash: link.hash.slice(1) });
  };
}
