/** The code of a one-time link, in the address or as somebody typed it. */

/** Takes the code out of the address, so that neither history nor a shared screen keeps it. */
export function takeCode(): string {
  const code = codeIn(location.hash);
  if (code) history.replaceState(history.state, "", location.pathname);
  return code;
}

/** A whole link may be pasted as well. */
export function codeIn(typed: string): string {
  return (typed.split("#").at(-1) ?? "").trim();
}
