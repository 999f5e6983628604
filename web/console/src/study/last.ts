/** The study that this browser looked at last; a convenience, so a browser that keeps nothing is served as well. */
const KEY = "metricis.console.study";

export function remember(code: string): void {
  try {
    localStorage.setItem(KEY, code);
  } catch {
    // Private windows may refuse; then the first study opens.
  }
}

export function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
