/** One cell of the grid takes the focus; arrows, Home, End and the page keys move it (the grid pattern of ARIA). */

export interface Place {
  row: number;
  column: number;
}

export interface Extent {
  rows: number;
  columns: number;
  /** Rows that a page key moves by. */
  page: number;
}

/** Where a key leads from a place, or null when the key is not the grid's. */
export function step(key: string, ctrl: boolean, from: Place, extent: Extent): Place | null {
  const last = { row: extent.rows - 1, column: extent.columns - 1 };
  const to = moved(key, ctrl, from, last, extent.page);
  if (!to) return null;
  return {
    row: Math.min(Math.max(to.row, 0), last.row),
    column: Math.min(Math.max(to.column, 0), last.column),
  };
}

function moved(key: string, ctrl: boolean, { row, column }: Place, last: Place, page: number): Place | null {
  switch (key) {
    case "ArrowUp":
      return { row: row - 1, column };
    case "ArrowDown":
      return { row: row + 1, column };
    case "ArrowLeft":
      return { row, column: column - 1 };
    case "ArrowRight":
      return { row, column: column + 1 };
    case "Home":
      return { row: ctrl ? 0 : row, column: 0 };
    case "End":
      return { row: ctrl ? last.row : row, column: last.column };
    case "PageUp":
      return { row: row - page, column };
    case "PageDown":
      return { row: row + page, column };
    default:
      return null;
  }
}
