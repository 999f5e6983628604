/** Starts Debian's Chromium; every story and the screenshots begin here. */
import { type Browser, chromium } from "playwright-core";

/** The flags without which Chromium does not run as root or on a closed network. */
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"];

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: FLAGS });
}
