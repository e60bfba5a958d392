/** A YAML file whose parts know their line and column, so that what is wrong with one can be said where it stands. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { SurprisalError } from "../../core/index.ts";
import { nearestNames } from "../../text/index.ts";

/** Counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Fields of an object in the file. */
export interface Fields {
  place: Place;
  has(name: string): boolean;
  /** @throws SurprisalError CONFIG_INVALID where it is none. */
  text(name: string): string | undefined;
  number(name: string, from: number, to: number, whole?: boolean): number | undefined;
  flag(name: string): boolean | undefined;
  texts(name: string): string[] | undefined;
  /** The items of a list; one item alone is a list of it. */
  list(name: string): Item[] | undefined;
  placeOf(name: string): Place;
}

/** An item of a list: a text or an object. */
export interface Item {
  place: Place;
  text(): string | null;
  /** @throws SurprisalError CONFIG_INVALID for anything else, and for an unknown name, with the nearest one. */
  fields(known: readonly string[], what: string): Fields;
}

/** The most that aliases (&a, *a) may stand for: more is an attack or a mistake. */
const MOST_ALIASES = 100;

export class YamlFile {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  /** @throws SurprisalError CONFIG_INVALID with line and column. */
  constructor(file: string, source: string) {
    this.#file = file;
    this.#document = parseDocument(source, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: true,
      version: "1.2",
    });
    const [error] = [...this.#document.errors, ...this.#document.warnings];
    if (error) {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      throw this.fault(
        { line, column: col },
        `This is no YAML: ${sentence(error.message)}`,
        hintFor(error.code),
      );
    }
    visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        const place = this.#placeOf(alias, { line: 1, column: 1 });
        throw this.fault(
          place,
          `This is no YAML: *${alias.source} stands for nothing`,
          "Define it before, or put the text in quotes.",
        );
      },
    });
    try {
      this.#document.toJS({ maxAliasCount: MOST_ALIASES });
    } catch (cause) {
      throw this.fault(
        { line: 1, column: 1 },
        `This is no YAML that is read here: ${cause instanceof Error ? cause.message : cause}`,
        "Write it out, without aliases.",
      );
    }
  }

  /** @throws SurprisalError CONFIG_INVALID where the whole is no object. */
  root(known: readonly string[], what: string): Fields {
    const { contents } = this.#document;
    if (contents === null || (isScalar(contents) && contents.value === null))
      throw this.fault(
        { line: 1, column: 1 },
        "The file is empty",
        "surprisal check --init writes an example.",
      );
    return this.#item(contents, { line: 1, column: 1 }).fields(known, what);
  }

  fault({ line, column }: Place, what: string, wayOut: string, cause?: unknown): SurprisalError {
    return new SurprisalError({
      code: "CONFIG_INVALID",
      what,
      where: `${this.#file}:${line}:${column}`,
      wayOut,
      cause,
    });
  }

  #placeOf(node: unknown, otherwise: Place): Place {
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start === undefined) return otherwise;
    const { line, col } = this.#lines.linePos(start);
    return { line, column: col };
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #item(given: unknown, otherwise: Place): Item {
    const place = this.#placeOf(given, otherwise);
    const node = this.#resolved(given);
    return {
      place,
      text: () => (isScalar(node) && typeof node.value === "string" ? node.value : null),
      fields: (known, what) => {
        if (!isMap(node))
          throw this.fault(
            place,
            `${what} is ${kindOf(node)}, where names with values should be`,
            `It has ${known.join(", ")}.`,
          );
        return this.#fields(node, known, what, place);
      },
    };
  }

  #fields(map: YAMLMap, known: readonly string[], what: string, place: Place): Fields {
    const pairs = new Map<string, Pair>();
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      if (!known.includes(name)) throw this.#unknown(name, known, what, this.#placeOf(pair.key, place));
      pairs.set(name, pair);
    }
    const placeOf = (name: string) =>
      this.#placeOf(pairs.get(name)?.value, this.#placeOf(pairs.get(name)?.key, place));
    const read = <Value>(
      name: string,
      of: (node: unknown) => Value | undefined,
      wanted: string,
    ): Value | undefined => {
      const pair = pairs.get(name);
      if (pair === undefined) return undefined;
      const node = this.#resolved(pair.value);
      const value = of(node);
      if (value !== undefined) return value;
      const needsQuotes = wanted === "a text" && isScalar(node) && node.value !== null;
      throw this.fault(
        placeOf(name),
        `${name} of ${what} is ${kindOf(node)}, not ${wanted}`,
        needsQuotes ? `Put it in quotes: ${name}: "${String(node.value)}".` : `Give ${wanted}.`,
      );
    };
    const scalar = (node: unknown) => (isScalar(node) ? node.value : undefined);
    const textOf = (node: unknown) => {
      const value = scalar(node);
      return typeof value === "string" ? value : undefined;
    };
    return {
      place,
      placeOf,
      has: (name) => pairs.has(name),
      text: (name) => read(name, textOf, "a text"),
      flag: (name) =>
        read(
          name,
          (node) => (typeof scalar(node) === "boolean" ? scalar(node) === true : undefined),
          "true or false",
        ),
      number: (name, from, to, whole = false) =>
        read(
          name,
          (node) => {
            const value = scalar(node);
            if (typeof value !== "number" || !(value >= from && value <= to)) return undefined;
            return whole && !Number.isInteger(value) ? undefined : value;
          },
          `a ${whole ? "whole " : ""}number from ${from} to ${to}`,
        ),
      texts: (name) =>
        read(
          name,
          (node) => {
            if (!isSeq(node)) return textOf(node) === undefined ? undefined : [textOf(node)!];
            const all = node.items.map((one) => textOf(this.#resolved(one)));
            return all.every((one) => one !== undefined) ? all : undefined;
          },
          "a list of texts",
        ),
      list: (name) => {
        const pair = pairs.get(name);
        if (pair === undefined) return undefined;
        const node = this.#resolved(pair.value);
        if (isSeq(node)) return node.items.map((one) => this.#item(one, placeOf(name)));
        if (isMap(node) || textOf(node) !== undefined) return [this.#item(pair.value, placeOf(name))];
        throw this.fault(
          placeOf(name),
          `${name} of ${what} is ${kindOf(node)}, not a list`,
          `Write each on a line of its own, behind "- ".`,
        );
      },
    };
  }

  #unknown(name: string, known: readonly string[], what: string, place: Place): SurprisalError {
    const [near] = nearestNames(name, known);
    const foreign = ["providers", "prompts", "tests", "defaultTest"].includes(name);
    return this.fault(
      place,
      `${what} has no "${name}"${near ? `; did you mean "${near}"?` : ""}`,
      foreign
        ? "This is promptfoo's: docs/checking.md shows the same as checks with a prompt and expect."
        : `It has ${known.join(", ")}.`,
    );
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "range" in value;

function kindOf(node: unknown): string {
  if (isMap(node)) return "an object";
  if (isSeq(node)) return "a list";
  const value = isScalar(node) ? node.value : null;
  if (value === null || value === undefined) return "empty";
  return typeof value === "string"
    ? "a text"
    : `the ${typeof value === "boolean" ? "truth value" : "number"} ${String(value)}`;
}

const sentence = (message: string): string => message.replace(/\s+/gu, " ").trim().replace(/[.:]$/u, "");

function hintFor(code: string): string {
  if (code === "TAB_AS_INDENT") return "Indent with blanks.";
  if (code === "DUPLICATE_KEY") return "Leave one of the two out.";
  if (code === "MULTIPLE_DOCS") return "Leave out what stands behind ---.";
  if (code === "BLOCK_AS_IMPLICIT_KEY") return "A text with a colon needs quotes around the whole of it.";
  return "See docs/checking.md for examples.";
}
