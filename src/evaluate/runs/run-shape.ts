/** What run.json and the lines of a journal have to look like, so that nobody who reads them is surprised. */
import {
  anyRecord,
  below,
  count,
  either,
  flag,
  isRecord,
  list,
  mapOf,
  nullable,
  number,
  oneOf,
  optional,
  record,
  type Shape,
  text,
  tuple,
} from "./shape.ts";

const maybe = optional(nullable(number));
const maybeText = optional(nullable(text));
const numbers = list(number);
const interval = nullable(tuple(number, number));
const unreadable = record({ count, parts: list(record({ name: text, code: text, reason: text })) });
const length = either(either(count, text), record({ atMost: count }));
const chat = optional(nullable(record({ multiturn: flag })));

const REQUEST = record({
  models: list(text),
  corpora: list(text),
  reading: record({
    column: optional(text),
    split: optional(text),
    where: optional(text),
    rule: optional(text),
    format: optional(text),
    maxDocumentBytes: optional(number),
    skipUnreadable: optional(flag),
  }),
  tasks: list(text),
  form: optional(text),
  fewShot: nullable(record({ examples: text, count, sampler: optional(text) })),
  chat,
  recipe: either(
    text,
    record({
      method: text,
      context: nullable(length),
      stride: nullable(length),
      sinks: nullable(length),
      prefix: either(text, anyRecord),
    }),
  ),
  overrides: record({
    context: optional(count),
    stride: optional(count),
    sinks: optional(count),
    parseSpecial: optional(flag),
  }),
  limit: nullable(count),
  tokens: flag,
  load: record({
    device: optional(either(text, count)),
    threads: optional(count),
    batchSize: optional(count),
    cacheType: optional(text),
    kernels: optional(text),
    flashAttention: optional(text),
    exact: optional(flag),
    repack: optional(flag),
  }),
});

const MODEL = record({
  reference: text,
  identity: record({
    name: text,
    source: text,
    sha256: nullable(text),
    files: optional(list(record({ name: text, sha256: text, bytes: count }))),
    architecture: nullable(text),
    parameters: nullable(number),
    quantisation: nullable(text),
    bytes: nullable(number),
    bitsPerWeight: optional(nullable(number)),
  }),
  settings: mapOf(either(either(text, number), flag)),
  recipe: record({
    name: nullable(text),
    id: text,
    method: text,
    context: nullable(count),
    stride: nullable(count),
    sinks: nullable(count),
    standardErrorMethod: text,
    notes: list(text),
  }),
});

const CORPUS = record({
  name: text,
  source: text,
  domain: nullable(text),
  rule: record({
    name: text,
    source: nullable(text),
    split: optional(text),
    column: optional(text),
    where: optional(text),
    chat: optional(text),
    finalLineBreak: optional(text),
  }),
  documents: count,
  bytes: count,
  sha256: text,
  unreadable: optional(nullable(unreadable)),
});

const TASK = record({
  name: text,
  source: text,
  kind: oneOf("multiple-choice", "target"),
  form: record({ name: text, source: nullable(text) }),
  items: count,
  sha256: text,
  delimiters: optional(list(text)),
  chat,
  fewShot: nullable(record({ examples: text, sha256: text, count })),
});

const SIZE = { bytes: count, words: count, characters: count };
const TIMING = record({ totalMs: number, tokensRun: count });

const MEASURES = {
  tokens: count,
  scored: count,
  unscored: optional(record({ ...SIZE, tokens: count })),
  documents: count,
  skipped: count,
  nll: nullable(number),
  perplexity: nullable(number),
  wordPerplexity: maybe,
  bytePerplexity: maybe,
  characterPerplexity: maybe,
  bitsPerToken: maybe,
  bitsPerByte: nullable(number),
  bitsPerCharacter: maybe,
  meanPerplexity: maybe,
  standardError: nullable(number),
  bitsPerByteStandardError: maybe,
  interval,
  standardErrorMethod: text,
  parts: optional(nullable((value, at) => PARTS(value, at) ?? sameLengths(value, at, "nats", "bytes"))),
  timing: TIMING,
} satisfies Record<string, Shape>;

const PARTS = record({ of: oneOf("documents", "bytes"), nats: numbers, bytes: numbers });

/** Two lists of an object that belong to each other. */
function sameLengths(value: unknown, at: string, first: string, second: string): string | null {
  if (!isRecord(value)) return `${at} is not an object`;
  const [one, other] = [value[first], value[second]];
  return Array.isArray(one) && Array.isArray(other) && one.length === other.length
    ? null
    : `${at} has lists of other lengths`;
}

const level = nullable(record({ low: number, high: number, level: number }));
const ACCURACY = record({
  value: nullable(number),
  correct: count,
  items: count,
  standardError: nullable(number),
  interval: level,
  ties: count,
});
const SUMMARY = {
  items: count,
  unscored: count,
  refused: optional(count),
  cut: optional(count),
  tokensRun: count,
  sha256: text,
};
const CHOICES = record({
  ...SUMMARY,
  accuracies: record({
    acc: ACCURACY,
    accNorm: ACCURACY,
    accBytes: optional(ACCURACY),
    accNormTokens: ACCURACY,
  }),
  chance: nullable(number),
});
const TARGETS = record({
  ...SUMMARY,
  accuracy: ACCURACY,
  perplexity: nullable(record({ value: number, standardError: nullable(number), interval: level })),
  perplexityPerToken: maybe,
});

const summary: Shape = (value, at) => {
  const kinds = record({ kind: oneOf("multiple-choice", "target") })(value, at);
  if (kinds !== null || !isRecord(value)) return kinds;
  return (value.kind === "target" ? TARGETS : CHOICES)(value, at);
};

const RUN = record({
  id: text,
  status: oneOf("running", "interrupted", "complete", "failed"),
  version: text,
  created: text,
  finished: nullable(text),
  request: REQUEST,
  models: list(nullable(MODEL)),
  corpora: list(CORPUS),
  results: list(anyRecord),
  tasks: list(TASK),
  taskResults: list(anyRecord),
  failures: list(record({ modelIndex: nullable(count), reference: text, code: text, what: text })),
  notes: list(text),
});

/** What indices point into. */
export interface Extents {
  /** Of the request. */
  models: number;
  corpora: readonly { documents: number; bytes: number }[];
  tasks: readonly { items: number }[];
}

/** What is wrong with the content of a run.json; `null`: nothing. */
export function problemOfRun(run: unknown): string | null {
  const problem = RUN(run, "");
  if (problem !== null || !isRecord(run)) return problem;
  const models = Array.isArray(run.models) ? run.models : [];
  const corpora = Array.isArray(run.corpora) ? run.corpora : [];
  const tasks = Array.isArray(run.tasks) ? run.tasks : [];
  const modelIndex: Shape = (value, at) =>
    below(models.length, "models")(value, at) ??
    (models[Number(value)] === null ? `${at} is of a model that is not there` : null);
  return (
    list(record({ ...MEASURES, modelIndex, corpusIndex: below(corpora.length, "corpora") }))(
      run.results,
      "results",
    ) ??
    list(record({ summary, timing: TIMING, modelIndex, taskIndex: below(tasks.length, "tasks") }))(
      run.taskResults,
      "taskResults",
    ) ??
    twice(run.results, "corpusIndex") ??
    twice(run.taskResults, "taskIndex")
  );
}

function twice(results: unknown, of: "corpusIndex" | "taskIndex"): string | null {
  if (!Array.isArray(results)) return null;
  const keys = results.map((each) => `${each.modelIndex} ${each[of]}`);
  return new Set(keys).size === keys.length ? null : `a model has two results of one ${of}`;
}

const SUMS = record({
  tokens: count,
  scored: count,
  totalNll: number,
  totalNllSquared: number,
  ...SIZE,
  unscoredBytes: count,
  unscoredWords: count,
  unscoredCharacters: count,
});

const UINT32 = 2 ** 32;
const token = below(UINT32, "tokens");

/** Where a frame begins and ends, and its checksum, which older versions did not write. */
const log: Shape = (value, at) => {
  const problem = either(tuple(count, count), tuple(count, count, text))(value, at);
  if (problem !== null || !Array.isArray(value)) return problem;
  return value[0] < value[1] ? null : `${at} ends before it begins`;
};

const CHOICE = record({
  logprob: nullable(number),
  greedy: nullable(flag),
  tokens: count,
  characters: count,
  bytes: count,
  distinct: record({ logprob: nullable(number), tokens: count }),
});

/** What an entry of a journal has to be. @param extents `null`: what its indices point into is not known. */
export function shapeOfEntry(extents: Extents | null): Shape {
  const index = (name: string, size: number | undefined) => below(size ?? Number.MAX_SAFE_INTEGER, name);
  const modelIndex = index("models", extents?.models);
  const corpus = { modelIndex, corpusIndex: index("corpora", extents?.corpora.length) };
  const ofCorpus = (value: unknown): { documents: number; bytes: number } | undefined =>
    isRecord(value) ? extents?.corpora[Number(value.corpusIndex)] : undefined;
  const shapes: Record<string, Shape> = {
    document: (value, at) => {
      const facts = ofCorpus(value);
      const parts = record({ first: count, nats: numbers, bytes: numbers });
      return (
        record({
          ...corpus,
          documentIndex: index("documents", facts?.documents),
          document: text,
          sha256: text,
          sums: nullable(SUMS),
          size: record(SIZE),
          parts: optional((part, place) => parts(part, place) ?? sameLengths(part, place, "nats", "bytes")),
          standardError: nullable(number),
          interval,
          tokensRun: count,
          log: nullable(log),
        })(value, at) ?? null
      );
    },
    windows: (value, at) =>
      record({
        ...corpus,
        documentIndex: index("documents", ofCorpus(value)?.documents),
        start: token,
        end: token,
        log,
        tokensRun: count,
      })(value, at) ??
      (isRecord(value) && Number(value.start) < Number(value.end) ? null : `${at} ends before it begins`),
    time: record({ ...corpus, ms: number }),
    item: (value, at) => {
      const problem = record({
        modelIndex,
        taskIndex: index("tasks", extents?.tasks.length),
        ms: number,
      })(value, at);
      if (problem !== null || !isRecord(value)) return problem;
      const items = extents?.tasks[Number(value.taskIndex)]?.items;
      return record({
        kind: oneOf("multiple-choice", "target"),
        index: index("questions", items),
        where: text,
        id: maybeText,
        sha256: text,
        questionSha256: optional(text),
        label: (label, place) => (label === -1 ? null : count(label, place)),
        choices: list(CHOICE),
        tokensRun: count,
        cutTokens: optional(count),
        lostBytes: optional(count),
        problem: optional(text),
      })(value.result, `${at}.result`);
    },
  };
  return (value, at) => {
    const type = isRecord(value) && typeof value.type === "string" ? value.type : "";
    const shape = Object.hasOwn(shapes, type) ? shapes[type] : undefined;
    return shape ? shape(value, at) : `${at} is of no type that a journal has`;
  };
}
