/** `surprisal route paq eval`: what a router of bits is worth. */
import { writeWhole } from "../../files/index.ts";
import { renderPage } from "../../report/index.ts";
import {
  evaluatePaq,
  type PaqArtefact,
  type PaqEvaluation,
  type PaqRoute,
  paq,
  type RouteRecords,
} from "../../route/index.ts";
import { formatPlural, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { argument, option, wholeNumber } from "../parameters.ts";
import { PAQ_COLUMNS, paqSentencesOf, renderPaq, startProgress } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { ARTEFACT, PICTURE_OPTIONS } from "./options.ts";
import { ENCODER_OPTIONS, openRouter } from "./paq-features.ts";
import {
  cutSentences,
  PAQ_FIT,
  type PaqFitValues,
  paqFitOptions,
  paqSentences,
  strayFitOptions,
  tableFor,
} from "./paq-fitting.ts";
import { recordsOf, routerOf } from "./routers.ts";
import { checkPictures } from "./show.ts";

/** Decisions about every prompt, and how they were made. */
interface Decided {
  routeOf: (record: { id: string }) => PaqRoute | undefined;
  tau: number;
  first: string[];
  document: object;
}

const command: Command = defineCommand({
  details: `Judges a router on records, beside every level alone, random choice with the same mix, a rule of the same mix that knows the prompt's length
alone, and the oracle, which knows the labels: mean perplexity, share of prompts whose level is enough, time with the router's own in it,
memory. With --artefact it is that router: take other prompts than it was fitted to. Without, every prompt is decided about by a router that
was fitted to the other groups alone (--parts). --replay is not needed: no model but the encoder is run.

Examples:
  surprisal route paq eval records.jsonl --quality-bound 0.05 --html page.html
  surprisal route paq eval records.jsonl --features statistics --svg picture.svg
  surprisal route paq eval others.jsonl -a router.json --json`,
  // biome-ignore format: one option a line
  parameters: {
    records: argument("Records, as `surprisal route paq label` wrote them"),
    artefact: ARTEFACT,
    parts: option(wholeNumber(2, 100), { hint: "N", description: "Without --artefact: parts of the groups, each decided about by a router of the others (default: 5)" }),
    ...PAQ_FIT,
    ...PICTURE_OPTIONS,
    ...ENCODER_OPTIONS,
    json: JSON_DOCUMENT,
  },
  async run(given) {
    const { artefact: router, seed, resamples, level } = given;
    checkPictures(given, [given.records, router]);
    const known = router === undefined ? null : await routerOf(router, "paq");
    const records = await recordsOf(given.records, "paq");
    const { routeOf, tau, first, document } = known
      ? await byRouter(known, records, given)
      : await crossFitted(records, given);
    const found = evaluatePaq(records, routeOf, { tau, resamples, level, seed });
    const judged = `Judged on ${formatPlural(found.n, "prompt")}${found.groups < found.n ? ` in ${formatPlural(found.groups, "group")}` : ""}.`;
    await show(found, [...first, judged], document, given);
  },
});
export default command;

/** @throws SurprisalError USAGE for options of a fit */
async function byRouter(
  artefact: PaqArtefact,
  records: RouteRecords,
  given: PaqFitValues & Parameters<typeof openRouter>[1] & { parts: number | undefined },
): Promise<Decided> {
  const stray = given.parts === undefined ? strayFitOptions(given)[0] : "--parts";
  if (stray !== undefined) throw usage(`The router is fitted already: leave out ${stray}, or --artefact`);
  await using opened = await openRouter(artefact, given);
  const { router } = opened;
  const { identities } = records.header;
  const warnings = router.check(
    records.header.paths.map((name) => ({ name, identity: identities?.[name] ?? null })),
    { strict: false },
  );
  for (const warning of warnings) process.stderr.write(`warning: ${visible(warning)}\n`);
  const line = given.quiet ? null : startProgress({ label: "deciding", unit: "prompts" });
  try {
    const decisions = await router.decideAll(records.records, { onProgress: (state) => line?.update(state) });
    return {
      routeOf: ({ id }) => decisions.get(id),
      tau: artefact.tau,
      first: [
        ...paqSentences(artefact, null),
        ...cutSentences({
          vectors: [...decisions.values()].map((each) => ({ ...each, vector: new Float32Array() })),
        }),
      ],
      document: { artefact },
    };
  } finally {
    line?.end();
  }
}

async function crossFitted(
  records: RouteRecords,
  given: PaqFitValues & Parameters<typeof openRouter>[1] & { parts: number | undefined },
): Promise<Decided> {
  const options = paqFitOptions(given);
  const table = await tableFor(records, given);
  // What is enough is one question for all parts: a bound is turned into a tolerance once.
  const chosen =
    options.qualityBound === undefined
      ? null
      : paq.chooseTau(
          table.cases.map(({ record }) => record),
          { bound: options.qualityBound, levels: table.levels },
        );
  const parts = given.parts ?? 5;
  const fitted = chosen ? { ...options, qualityBound: undefined, tau: chosen.tau } : options;
  const { decisions, routers } = paq.crossFit(table, { ...fitted, parts });
  const { tau } = routers[0]!;
  return {
    routeOf: ({ id }) => decisions.get(id),
    tau,
    first: [
      `Each prompt was decided about by a router fitted to the other groups alone, in ${parts} parts, by ${visible(table.features.name)}.`,
      ...(chosen
        ? [`tau = ${tau}: the largest with which labels keep the mean perplexity within ${chosen.bound}.`]
        : []),
      ...cutSentences(table),
      "Reconstructed, not the paper's: labels, tolerance, head and decision (--json names all).",
    ],
    document: {
      parts,
      features: table.features,
      chosen,
      points: routers.map(({ point }) => point),
      reconstructed: paq.RECONSTRUCTIONS,
    },
  };
}

async function show(
  found: PaqEvaluation,
  first: readonly string[],
  document: object,
  { json, svg, html }: { json: boolean; svg: string | undefined; html: string | undefined },
): Promise<void> {
  const sentences = paqSentencesOf(found);
  if (svg !== undefined) {
    const { perplexityTimeChart, renderSvg } = await import("../../charts/server.ts");
    await writeWhole(svg, renderSvg(perplexityTimeChart(found)));
  }
  if (html !== undefined) {
    const { perplexityTimeChart } = await import("../../charts/server.ts");
    const page = await renderPage(
      "A router of bits",
      [
        { heading: "In short", text: sentences },
        { chart: perplexityTimeChart(found) },
        {
          heading: "All ways",
          text: "Perplexity above that of the most bits; the router's less each of the others', on the same prompts.",
          table: {
            columns: PAQ_COLUMNS.map(([heading]) => heading),
            rows: found.methods.map((method) => PAQ_COLUMNS.map(([, cell]) => cell(method))),
          },
        },
      ],
      first.join(" "),
    );
    await writeWhole(html, page);
  }
  if (json) printDocument({ schema: "surprisal.route-paq/1", evaluation: found, ...document });
  else {
    process.stdout.write(renderPaq(found, first, process.stdout));
    for (const file of [svg, html])
      if (file !== undefined) process.stdout.write(`Written to ${visible(file)}\n`);
  }
}
