/** To come. */
export function Events() {
  return null;
}
