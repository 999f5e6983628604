/** To come. */
export function FailedSyncs() {
  return null;
}
