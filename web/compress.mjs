/** Writes a `.br` and a `.gz` beside every built text file of METRICIS_WEB_OUT, so that the server never compresses. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const TEXT = new Set([".js", ".css", ".svg", ".json", ".webmanifest"]);
const folder = process.env.METRICIS_WEB_OUT;

if (folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!TEXT.has(extname(name))) continue;
    const path = join(folder, name);
    const bytes = readFileSync(path);
    writeFileSync(`${path}.br`, brotliCompressSync(bytes));
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  }
}
