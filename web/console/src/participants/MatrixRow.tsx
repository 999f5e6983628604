/** One participant's row of the matrix; plain links, because hundreds of them come and go as one scrolls. */
// A table element cannot hold rows that are placed by hand, so the roles say what these boxes are.
/* oxlint-disable jsx-a11y/prefer-tag-over-role */
import { memo } from "react";
import type { MatrixCell, MatrixRow, MatrixShown } from "../api/shown";
import { lookOf } from "../display/Status";
import { day } from "../display/When";
import { useStudy } from "../study/study";
import classes from "./Matrix.module.css";
import type { Place } from "./roving";

interface Props {
  index: number;
  top: number;
  axis: number;
  row: MatrixRow | undefined;
  windows: MatrixShown["windows"];
  across: readonly { index: number; start: number; size: number }[];
  /** The column that the Tab key stops at, when it is in this row. */
  stop: number | null;
  onFocus: (place: Place) => void;
}

export const MatrixRowShown = memo(function MatrixRowShown(props: Props) {
  const { index, top, axis, row, windows, across, stop, onFocus } = props;
  const study = useStudy();
  const address = row && `${import.meta.env.BASE_URL}studies/${study.code}/participants/${row.participant_id}`;
  return (
    <div className={classes["row"]} role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <div className={classes["axis"]} role="rowheader" aria-colindex={1} style={{ width: axis }}>
        {row ? (
          <a
            href={address}
            data-participant={row.participant_id}
            data-place={`${index}:0`}
            tabIndex={stop === 0 ? 0 : -1}
            onFocus={() => onFocus({ row: index, column: 0 })}
            title={`${row.participant_code}${row.site_code ? ` · ${row.site_code}` : ""} · ${row.status}`}
          >
            {row.participant_code}
          </a>
        ) : (
          <span className={classes["waiting"]} aria-label="Loading" role="img" />
        )}
      </div>
      {across.map(({ index: column, start, size }) => (
        <div
          key={column}
          className={classes["cell"]}
          role="gridcell"
          aria-colindex={column + 2}
          style={{ left: start, width: size }}
        >
          {row && (
            <Cell
              cell={row.cells[column] ?? null}
              name={`${row.participant_code}, ${windows[column]?.label ?? ""}`}
              address={`${address}`}
              participant={row.participant_id}
              place={{ row: index, column: column + 1 }}
              stop={stop === column + 1}
              onFocus={onFocus}
            />
          )}
        </div>
      ))}
    </div>
  );
});

interface CellProps {
  cell: MatrixCell | null;
  name: string;
  address: string;
  participant: string;
  place: Place;
  stop: boolean;
  onFocus: (place: Place) => void;
}

/** A visit as a link; a window without a visit leads to the participant. */
function Cell({ cell, name, address, participant, place, stop, onFocus }: CellProps) {
  const shared = {
    "data-participant": participant,
    "data-place": `${place.row}:${place.column}`,
    tabIndex: stop ? 0 : -1,
    onFocus: () => onFocus(place),
  };
  if (!cell) {
    return (
      <a {...shared} className={classes["none"]} href={address} aria-label={`${name}: no visit`}>
        –
      </a>
    );
  }
  const { tone, word, shape: Shape } = lookOf(cell.state);
  const target = day(cell.target_date);
  return (
    <a
      {...shared}
      className={classes["visit"]}
      data-tone={tone}
      href={`${address}#${cell.visit_id}`}
      aria-label={`${name}: ${word.toLowerCase()}, target ${target}`}
      title={`${word}, target ${target}`}
    >
      <Shape size={14} aria-hidden />
      {target.slice(0, -5)}
    </a>
  );
}
