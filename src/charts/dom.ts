/**
 * The part of a document that drawing needs, so that the types ask for no DOM library: a browser's `document` has it,
 * and so has linkedom's.
 */
import { escapeMarkup } from "../text/index.ts";

export interface ChartNode {
  readonly nodeType: number;
  readonly nodeValue: string | null;
  readonly childNodes: Iterable<ChartNode>;
}

/** As much of an `SVGElement` as drawing needs. */
export interface ChartElement extends ChartNode {
  readonly localName: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  textContent: string | null;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  removeAttribute(name: string): void;
  append(...nodes: unknown[]): void;
  remove(): void;
}

/** As much of a `Document` as drawing needs: a browser's, linkedom's or jsdom's. */
export interface ChartDocument {
  createElementNS(namespace: "http://www.w3.org/2000/svg", name: string): ChartElement;
}

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with attributes and, if given, text. */
export function element(
  document: ChartDocument,
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  text?: string,
): ChartElement {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

const GEOMETRY = /^(?:d|points|transform|viewBox|[xy][12]?|[cr][xy]?|width|height)$/;
/** More than a hundredth of a pixel is noise, and three quarters of the file. */
const rounded = (value: string): string =>
  value.replace(/-?\d*\.\d{3,}(?:e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(2))));

/**
 * An element as XML that is also HTML. A serialiser of our own, because a browser's `outerHTML` writes `&nbsp;`,
 * which is no XML, and keeps another order of attributes than linkedom: here both give the same bytes.
 */
export function serialise(node: ChartNode): string {
  if (node.nodeType === 3) return escapeMarkup(node.nodeValue ?? "");
  if (node.nodeType !== 1) return "";
  const { localName, attributes } = node as ChartElement;
  const written = [...attributes]
    .map(({ name, value }) => ` ${name}="${escapeMarkup(GEOMETRY.test(name) ? rounded(value) : value)}"`)
    .sort()
    .join("");
  const content = [...node.childNodes].map(serialise).join("");
  return content === "" ? `<${localName}${written}/>` : `<${localName}${written}>${content}</${localName}>`;
}
