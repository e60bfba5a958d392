/**
 * The README's picture of the terminal: runs the demo and photographs what it prints.
 * `node scripts/terminal-picture.mjs [docs/images/score.png]`; needs a Chromium (SURPRISAL_CHROMIUM=path).
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.argv[2] ?? "docs/images/score.png";
const COLUMNS = 100;

// A terminal of our own, so that the command sees one: util-linux's `script`.
const command = `stty cols ${COLUMNS}; "${process.execPath}" dist/cli/main.js score examples/demo.txt --top 6`;
const printed = execFileSync("script", ["-qec", command, "/dev/null"], {
  cwd: root,
  encoding: "utf8",
  env: { ...process.env, TERM: "xterm-256color", COLORTERM: "truecolor", NO_COLOR: "" },
});

const browser = await chromium.launch({
  executablePath: process.env.SURPRISAL_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ deviceScaleFactor: 2, viewport: { width: 1000, height: 100 } });
await page.setContent(`<style>
  body { margin: 0; background: #16161e; }
  pre { display: inline-block; margin: 0; padding: 24px 28px; font: 14px/1.45 "DejaVu Sans Mono", monospace; color: #d5d8e2; }
</style><pre>${toHtml(`$ npm run demo\n\n${printed.replaceAll("\r", "")}`)}</pre>`);
await page.locator("pre").screenshot({ path: target });
await browser.close();
console.log(target);

/** SGR sequences as spans; progress lines that were wiped out are left out. */
function toHtml(text) {
  const visible = text.replaceAll(/[^\n]*\u001b\[2K/g, "");
  const escaped = visible.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  let open = false;
  return escaped.replaceAll(/\u001b\[([\d;]*)m/g, (_, parameters) => {
    const close = open ? "</span>" : "";
    const style = styleOf(parameters);
    open = style !== "";
    return close + (open ? `<span style="${style}">` : "");
  });
}

function styleOf(parameters) {
  const rgb = (code) =>
    new RegExp(`(?:^|;)${code};2;(\\d+);(\\d+);(\\d+)`).exec(parameters)?.slice(1).join(",");
  const [background, colour] = [rgb(48), rgb(38)];
  return [
    background && `background:rgb(${background})`,
    colour && `color:rgb(${colour})`,
    parameters === "1" && "font-weight:bold",
    parameters === "2" && "opacity:.6",
  ]
    .filter(Boolean)
    .join(";");
}
