/** Pictures of the tokens that runs keep in tokens.parquet. */
import { convergence, surprisalAlong, surprisalDistribution } from "../../charts/server.ts";
import {
  collectTokens,
  MOST_DOCUMENTS,
  type ModelTokens,
  type Run,
  type TokenCollection,
} from "../../evaluate/runs/index.ts";
import { formatCount, formatList } from "../../text/index.ts";
import type { PageSection } from "../page/sections.ts";

/** Most tokens that are kept of a model for each kind of picture: 8 MB each. */
const LIMIT = 1_000_000;

export interface TokenPictures {
  sections: PageSection[];
  /** What is missing, one sentence each. */
  notes: string[];
}

/** @param folders of the runs, in their order; without one, a run has no pictures and no note. */
export async function tokenPictures(
  runs: readonly Run[],
  folders: readonly (string | undefined)[],
  limit: number = LIMIT,
): Promise<TokenPictures> {
  const collection = await collectTokens(runs, folders, limit);
  const sections = [...distribution(collection), ...running(collection), ...along(collection)];
  return { sections, notes: collection.notes };
}

type Named = Pick<ModelTokens, "label" | "logprobs">;
const named = ({ label, logprobs }: Named) => ({ name: label, logprobs });

/** One sentence for each model that the picture does not have all tokens of. */
function parts(models: readonly Omit<ModelTokens, "cuts">[], what: string): string[] {
  return models
    .filter(({ logprobs, tokens }) => tokens > logprobs.length)
    .map(
      ({ label, logprobs, tokens }) =>
        `${label}: ${what} ${formatCount(logprobs.length)} of ${formatCount(tokens)} tokens.`,
    );
}

function distribution({ corpora, samples }: TokenCollection): PageSection[] {
  if (samples.length === 0) return [];
  const text = [
    ...(corpora.length > 1 ? ["Of each model, the tokens of all its corpora together."] : []),
    ...parts(samples, "a uniform sample,"),
    ...(byTokens(samples).length > 1
      ? [
          "The tokens of these models are not the same: longer ones carry more surprise each, so the shapes say how it is spread, and bits per byte which model needs less.",
        ]
      : []),
  ];
  return [{ text, chart: surprisalDistribution(samples.map(named)) }];
}

function running({ corpora, beginnings }: TokenCollection): PageSection[] {
  const pictures = beginnings.flatMap(({ corpus, models }) => {
    const groups = byTokens(models);
    // Perplexities per token of different sizes are no lines of one picture.
    return groups.map((alike) => ({ corpus, models: alike, apart: groups.length > 1 }));
  });
  return pictures.map(({ corpus, models, apart }, i) => {
    const chart = convergence(models.map(named));
    const text = [
      ...(corpus === null ? ["All corpora, one after the other."] : []),
      ...(i === 0
        ? ["The band takes tokens for independent and may be too narrow; the ± of the results is above."]
        : []),
      ...parts(models, "the first"),
    ];
    const names = [
      ...(corpora.length > 1 && corpus !== null ? [corpus] : []),
      ...(apart ? [formatList(models.map(({ label }) => label))] : []),
    ];
    const heading = names.length > 0 ? `Running perplexity: ${names.join(", ")}` : chart.title;
    return { heading, text, chart };
  });
}

/** Models with the same tokens, which alone can be compared per token. */
function byTokens(models: readonly ModelTokens[]): ModelTokens[][] {
  const groups = new Map<string, ModelTokens[]>();
  for (const model of models) groups.set(model.cuts, [...(groups.get(model.cuts) ?? []), model]);
  return [...groups.values()];
}

function along({ samples, texts, documents }: TokenCollection): PageSection[] {
  const pictures = documents.flatMap(({ corpus, models }) => models.map((model) => ({ ...model, corpus })));
  const isAmbiguous = ({ document, corpus }: (typeof pictures)[number]) =>
    pictures.some((other) => other.document === document && other.corpus !== corpus);
  const ofCorpora =
    documents.length < texts
      ? `of the first ${documents.length} of ${texts} corpora`
      : texts > 1
        ? "of each corpus"
        : "of the corpus";
  const isCut =
    documents.length === 1 && pictures.length === MOST_DOCUMENTS && samples.length > MOST_DOCUMENTS;
  const ofModels = isCut ? `, under the first ${MOST_DOCUMENTS} models` : "";
  return pictures.map((picture, i) => {
    const { document, corpus, label, logprobs, byteOffsets } = picture;
    const name = `${document}${isAmbiguous(picture) ? ` (${corpus})` : ""}, ${label}`;
    return {
      text: [
        ...(i === 0 ? [`The longest document ${ofCorpora}${ofModels}.`] : []),
        ...parts([picture], "the first"),
      ],
      chart: surprisalAlong({ logprobs, byteOffsets, name }),
    };
  });
}
