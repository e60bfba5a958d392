/** What every page is made of: one head with its policy, one style sheet, one footer. A page gives the rest. */
import { createHash } from "node:crypto";
import { escapeMarkup, visible } from "../../text/index.ts";
import { PAGE_STYLE } from "./style.ts";

/** A page's own parts. What is markup is taken as it is; `oneLine` makes markup of any text. */
export interface PageParts {
  /** Any text. */
  title: string;
  /** Markup within h1. Default: the title. */
  heading?: string | undefined;
  /** Markup under the title. */
  lead?: string | undefined;
  /** Markup of the sections. */
  main: string;
  /** Rules that come after those of every page. */
  style?: string | undefined;
  /** A script, and what it reads as JSON from the element #data. */
  script?: { code: string; data: unknown } | undefined;
}

/**
 * One self-contained HTML page. It asks the network for nothing, and its content security policy would not let it: style
 * sheet and script are known by their hashes, so that no text and no name can bring others. Follows the reader's light or
 * dark preference; contrast AA (WCAG 2.2) throughout; prints.
 */
export function htmlPage({ title, heading, lead, main, style = "", script }: PageParts): string {
  const rules = PAGE_STYLE + style;
  const scripts = script ? ` script-src '${hash(script.code)}';` : "";
  const policy = `default-src 'none'; style-src '${hash(rules)}';${scripts} base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="surprisal">
<title>${oneLine(title)}</title>
<style>${rules}</style>
</head>
<body>
<header>
<h1>${heading ?? oneLine(title)}</h1>
${lead === undefined ? "" : `<p class="soft">${lead}</p>`}
</header>
<main>
${main}
</main>
<footer><p>Made by surprisal. Surprisal is −log₂ of the probability that a model gave to what stands there: 1 bit is an even chance, 10 bits one in a thousand.</p></footer>
${script ? `<script type="application/json" id="data">${json(script.data)}</script>\n<script>${script.code}</script>\n` : ""}</body>
</html>
`;
}

/** @param heading markup; undefined: none. @param id of the heading, on its page. */
export function htmlSection(id: string, heading: string | undefined, content: string): string {
  return heading === undefined
    ? `<section>\n${content}\n</section>`
    : `<section aria-labelledby="${id}">\n<h2 id="${id}">${heading}</h2>\n${content}\n</section>`;
}

/** Names and values, such as what a number was measured with; any texts. */
export function htmlDetails(details: readonly (readonly [name: string, value: string])[]): string {
  const lines = details.map(([name, value]) => `<dt>${oneLine(name)}</dt><dd>${oneLine(value)}</dd>`);
  return `<dl class="details">${lines.join("")}</dl>`;
}

/** Any text, on one line, as HTML text or attribute value. */
export const oneLine = (text: string): string => escapeMarkup(visible(text));

const hash = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

/** JSON that no parser of HTML can take for the end of its script element, or for a comment. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");
