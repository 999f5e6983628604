/** To come. */
export function Redcap() {
  return null;
}
