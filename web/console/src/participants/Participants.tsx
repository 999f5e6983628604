/** To come. */
export function Participants() {
  return null;
}
