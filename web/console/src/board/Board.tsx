/** To come. */
export function Board() {
  return null;
}
