/** Makes webhook secrets and puts one into its address. */

const BYTES = 32;

/** 256 random bits as URL-safe text, which needs no escaping in an address. */
export function makeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The complete address; a secret of one's own may need escaping. */
export function triggerAddress(template: string, secret: string): string {
  return template.replace("WEBHOOK_SECRET", () => encodeURIComponent(secret));
}
