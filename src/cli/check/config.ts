/** What `surprisal check` is told to do: surprisal.yaml, read and checked before any model is opened. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { RECIPES, type RecipeName, SurprisalError } from "../../core/index.ts";
import { type Condition, matching, parseCondition } from "./condition.ts";
import { measureNamed, type SubjectKind } from "./measures.ts";
import { type Fields, type Item, type Place, YamlFile } from "./yaml.ts";

/** A condition where it stands in the file. */
export interface PlacedCondition {
  condition: Condition;
  /** As it was written. */
  text: string;
  place: Place;
}

/** What is measured. */
export type Subject =
  | {
      kind: "text";
      text: string | null;
      corpora: readonly string[];
      reading: { column?: string | undefined; split?: string | undefined };
    }
  | { kind: "task"; task: string; form: string | undefined; shots: number; shotsFrom: string | undefined }
  | {
      kind: "answer";
      prompt: string;
      system: string | undefined;
      plain: boolean;
      maxTokens: number;
      temperature: number;
      seed: number;
      stop: readonly string[];
    };

export interface Check {
  name: string;
  place: Place;
  /** `null`: the command's. */
  model: string | null;
  recipe: RecipeName | undefined;
  context: number | undefined;
  stride: number | undefined;
  /** Most documents, or questions. */
  limit: number | undefined;
  subject: Subject;
  conditions: readonly PlacedCondition[];
}

export interface CheckConfig {
  /** As it was named. */
  file: string;
  /** Path of the baseline file or run; against the configuration's folder. */
  baseline: string | null;
  checks: readonly Check[];
}

/** Looked for in this order. */
export const CONFIG_NAMES = ["surprisal.yaml", "surprisal.yml"] as const;
export const BASELINE_NAME = "surprisal-baseline.json";

const COMMON = ["model", "recipe", "context", "stride"] as const;
const ROOT = [...COMMON, "baseline", "checks"] as const;
const SUBJECTS = ["text", "file", "corpus", "task", "prompt"] as const;
const TEXTS = ["column", "split", "limit"] as const;
const TASKS = ["form", "shots", "shotsFrom", "limit"] as const;
const PROMPTS = ["system", "plain", "maxTokens", "temperature", "seed", "stop"] as const;
const CHECK = ["name", ...SUBJECTS, ...COMMON, ...TEXTS, ...TASKS, ...PROMPTS, "expect", "assert"];
const MOST = Number.MAX_SAFE_INTEGER;

/** @throws SurprisalError CONFIG_INVALID naming file, line and column. */
export function readConfig(file: string, source: string): CheckConfig {
  const yaml = new YamlFile(file, source);
  const folder = dirname(file);
  const root = yaml.root([...ROOT], "The configuration");
  const items = root.list("checks");
  if (items === undefined || items.length === 0)
    throw yaml.fault(
      root.placeOf("checks"),
      "There are no checks",
      "Give a list under checks: (surprisal check --init writes an example).",
    );
  const shared = commonOf(yaml, root, folder);
  const checks = items.map((item, i) => checkOf(yaml, item, i, shared, folder));
  const names = new Map<string, Place>();
  for (const { name, place } of checks) {
    const first = names.get(name);
    if (first)
      throw yaml.fault(
        place,
        `Two checks are called "${name}"; the other is in line ${first.line}`,
        "Give each a name: its own; a baseline is kept by name.",
      );
    names.set(name, place);
  }
  const baseline = root.text("baseline");
  return { file, baseline: baseline === undefined ? null : against(folder, baseline), checks };
}

type Common = Pick<Check, "model" | "recipe" | "context" | "stride">;

function commonOf(yaml: YamlFile, fields: Fields, folder: string): Common {
  const model = fields.text("model");
  const recipe = fields.text("recipe");
  const known = (Object.keys(RECIPES) as RecipeName[]).find((name) => name === recipe);
  if (recipe !== undefined && known === undefined)
    throw yaml.fault(
      fields.placeOf("recipe"),
      `There is no recipe "${recipe}"`,
      `Recipes: ${Object.keys(RECIPES).join(", ")}.`,
    );
  return {
    model: model === undefined ? null : near(folder, model),
    recipe: known,
    context: fields.number("context", 1, 2 ** 31 - 1, true),
    stride: fields.number("stride", 1, 2 ** 31 - 1, true),
  };
}

function checkOf(yaml: YamlFile, item: Item, index: number, shared: Common, folder: string): Check {
  const what = `check ${index + 1}`;
  const fields = item.fields(CHECK, what);
  const subject = subjectOf(yaml, fields, what, folder);
  const own = commonOf(yaml, fields, folder);
  const texts = subject.kind === "text";
  const conditions = conditionsOf(yaml, fields, what, subject.kind);
  return {
    name: fields.text("name") ?? nameOf(fields, index),
    place: fields.place,
    model: own.model ?? shared.model,
    recipe: texts ? (own.recipe ?? shared.recipe) : undefined,
    context: texts ? (own.context ?? shared.context) : undefined,
    stride: texts ? (own.stride ?? shared.stride) : undefined,
    limit: fields.number("limit", 1, MOST, true),
    subject,
    conditions,
  };
}

function nameOf(fields: Fields, index: number): string {
  for (const name of ["file", "corpus", "task"]) if (fields.has(name)) return fields.texts(name)!.join(", ");
  return `check ${index + 1}`;
}

function subjectOf(yaml: YamlFile, fields: Fields, what: string, folder: string): Subject {
  const given = SUBJECTS.filter((name) => fields.has(name));
  if (given.length !== 1)
    throw yaml.fault(
      fields.place,
      given.length === 0
        ? `${what} has nothing to measure`
        : `${what} has ${given.join(" and ")}: one thing is measured at a time`,
      `Give one of ${SUBJECTS.join(", ")}.`,
    );
  const kind = given[0] === "prompt" ? "prompt" : given[0] === "task" ? "task" : "text";
  const allowed: readonly string[] = {
    prompt: PROMPTS,
    task: TASKS,
    text: [...TEXTS, "recipe", "context", "stride"],
  }[kind];
  const idle = [...TEXTS, ...TASKS, ...PROMPTS, "recipe", "context", "stride"].find(
    (name) => fields.has(name) && !allowed.includes(name),
  );
  if (idle !== undefined)
    throw yaml.fault(
      fields.placeOf(idle),
      `${idle} changes nothing of a ${given[0]}`,
      `Beside ${given[0]} there are ${allowed.join(", ")}.`,
    );
  if (kind === "text") return textOf(yaml, fields, given[0]!, folder);
  if (kind === "task") {
    const shots = fields.number("shots", 0, 1000, true) ?? 0;
    const shotsFrom = fields.text("shotsFrom");
    return {
      kind,
      task: near(folder, nonEmpty(yaml, fields, "task")),
      form: fields.text("form"),
      shots,
      shotsFrom: shotsFrom && near(folder, shotsFrom),
    };
  }
  return {
    kind: "answer",
    prompt: nonEmpty(yaml, fields, "prompt"),
    system: fields.text("system"),
    plain: fields.flag("plain") ?? false,
    maxTokens: fields.number("maxTokens", 1, 100_000, true) ?? 64,
    temperature: fields.number("temperature", 0, 100) ?? 0,
    seed: fields.number("seed", 0, 2 ** 31 - 1, true) ?? 0,
    stop: fields.texts("stop") ?? [],
  };
}

function textOf(yaml: YamlFile, fields: Fields, name: string, folder: string): Subject {
  const reading = { column: fields.text("column"), split: fields.text("split") };
  if (name === "text") return { kind: "text", text: nonEmpty(yaml, fields, "text"), corpora: [], reading };
  const corpora = fields.texts(name)!;
  if (corpora.length === 0 || corpora.includes(""))
    throw yaml.fault(fields.placeOf(name), `${name} is empty`, "Name a file.");
  return { kind: "text", text: null, corpora: corpora.map((one) => near(folder, one)), reading };
}

function nonEmpty(yaml: YamlFile, fields: Fields, name: string): string {
  const text = fields.text(name)!;
  if (text.trim() === "") throw yaml.fault(fields.placeOf(name), `${name} is empty`, "Give some text.");
  return text;
}

function conditionsOf(yaml: YamlFile, fields: Fields, what: string, kind: SubjectKind): PlacedCondition[] {
  if (fields.has("expect") && fields.has("assert"))
    throw yaml.fault(fields.placeOf("assert"), "expect and assert are the same", "Keep one of them.");
  const items = fields.list("expect") ?? fields.list("assert") ?? [];
  if (items.length === 0)
    throw yaml.fault(
      fields.place,
      `${what} expects nothing`,
      "Give conditions under expect:, such as - perplexity < 30.",
    );
  return items.map((item) => {
    const written = item.text();
    try {
      const { condition, text } =
        written === null ? assertionOf(item) : { condition: parseCondition(written), text: written };
      assertMeasurable(condition, kind);
      return { condition, text, place: item.place };
    } catch (error) {
      if (!SurprisalError.isInstance(error) || error.code === "CONFIG_INVALID") throw error;
      throw yaml.fault(item.place, error.what, error.wayOut ?? "See docs/checking.md.", error);
    }
  });
}

/** promptfoo's names. */
const ASSERTIONS = [
  "perplexity",
  "perplexity-score",
  "contains",
  "icontains",
  "equals",
  "starts-with",
  "regex",
] as const;
const ALL_ASSERTIONS = ASSERTIONS.flatMap((name) =>
  name.startsWith("perplexity") ? [name] : [name, `not-${name}`],
);

/** `{ type: perplexity, threshold: 5 }`, as in promptfoo. */
function assertionOf(item: Item): { condition: Condition; text: string } {
  const fields = item.fields(["type", "value", "threshold"], "A condition");
  const type = fields.text("type");
  const not = type?.startsWith("not-") ?? false;
  const plain = not ? type!.slice(4) : type;
  if (type === undefined || !ALL_ASSERTIONS.some((name) => name === type))
    throw invalid(
      type === undefined ? "A condition has no type" : `There is no type "${type}" here`,
      `Write a condition as text, or with one of promptfoo's types: ${ALL_ASSERTIONS.join(", ")}.`,
    );
  if (plain === "perplexity" || plain === "perplexity-score") {
    const threshold = fields.number("threshold", 0, Number.MAX_VALUE);
    if (threshold === undefined)
      throw invalid(
        `${type} has no threshold`,
        plain === "perplexity"
          ? "Give the highest perplexity: threshold: 5."
          : "Give the lowest score, 0 ... 0.5: threshold: 0.3.",
      );
    const text = plain === "perplexity" ? `perplexity <= ${threshold}` : `perplexity score >= ${threshold}`;
    return { condition: parseCondition(text), text };
  }
  const value = fields.text("value");
  if (value === undefined || value === "")
    throw invalid(`${type} has no value`, "Give the text: value: Paris.");
  const quoted = JSON.stringify(value);
  const no = not ? "not " : "";
  if (plain === "regex") return { condition: matching(value, "", not), text: `${no}matches /${value}/` };
  const words = plain === "starts-with" ? "starts with" : plain === "equals" ? "equals" : "contains";
  const text = `${no}${words} ${quoted}${plain === "icontains" ? " ignoring case" : ""}`;
  return { condition: parseCondition(text), text };
}

/** @throws SurprisalError CONFIG_INVALID */
function assertMeasurable(condition: Condition, kind: SubjectKind): void {
  if (condition.kind === "bound" || condition.kind === "change") {
    const { of, names } = measureNamed(condition.measure)!;
    if (of.includes(kind)) return;
    const named = { text: "a text", task: "a task", answer: "an answer" };
    throw invalid(
      `${named[kind]} has no ${names[0]}`,
      `It is a number of ${of.map((one) => named[one]).join(" or ")}.`,
    );
  }
  if (kind !== "answer")
    throw invalid("Only the answer to a prompt can be asked this", "Give prompt: instead.");
}

const invalid = (what: string, wayOut: string): SurprisalError =>
  new SurprisalError({ code: "INVALID_ARGUMENT", what, wayOut });

/** Files are named against the folder of the configuration; what is there by another name (wikitext-2, hf:...) stays. */
const against = (folder: string, path: string): string => (isAbsolute(path) ? path : join(folder, path));
const near = (folder: string, name: string): string => {
  const path = against(folder, name);
  return existsSync(path) || /^\.\.?\//.test(name) ? path : name;
};
