/** To come. */
export function MatrixPage() {
  return null;
}
