/** Records and routers on disk. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../core/index.ts";
import {
  car,
  cascade,
  loadRouter,
  parseRecords,
  parseRouter,
  type RecordsHeader,
  type RouteRecord,
  readRecords,
  recordLine,
  routerText,
  saveRouter,
  writeRecords,
} from "./index.ts";

const header: Omit<RecordsHeader, "schema"> = {
  paths: ["short", "long"],
  counting: { endToken: "left out", formatting: "answer" },
  identity: {
    model: { name: "toy", sha256: null },
    tokenizer: null,
    wordingSha256: null,
    recipe: null,
    kernels: null,
  },
};

function recordsOf(n: number): RouteRecord[] {
  const random = seededRandom(6);
  return Array.from({ length: n }, (_, i) => {
    const nll = random();
    return {
      id: `q${i}`,
      question: "Infinity",
      paths: {
        short: {
          correct: random() < 1 - nll,
          tokens: 3,
          ms: 1.5,
          answer: "Infinity",
          signals: { nll, "largest-surprisal": Infinity },
        },
        long: { correct: true, tokens: 30, promptTokens: 9 },
      },
      traces: [{ answer: null, correct: null, tokens: 2, confidences: [null, Infinity] }],
    };
  });
}

describe("records", () => {
  it("come back as they were written, infinite numbers and texts that look like them", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "route-")), "records.jsonl");
    const records = recordsOf(3);
    await writeRecords(file, header, records);
    const found = await readRecords(file);
    expect(found.records).toEqual(records);
    expect(found.header).toMatchObject(header);
    expect(found.wholeBytes).toBe(readFileSync(file).length);
  });

  it("end before a line that was not written to its end: a killed recorder goes on there", () => {
    const lines = [
      recordLine({ schema: "surprisal.route-records/1", ...header }),
      ...recordsOf(3).map(recordLine),
    ];
    const whole = lines.slice(0, 3).join("");
    const torn = whole + lines[3]!.slice(0, 40);
    const found = parseRecords(torn, "f");
    expect(found.records.map(({ id }) => id)).toEqual(["q0", "q1"]);
    expect(found.wholeBytes).toBe(Buffer.byteLength(whole));
    const resumed = parseRecords(torn.slice(0, found.wholeBytes) + lines[3]!, "f");
    expect(resumed.records).toEqual(recordsOf(3));
  });

  const first = recordLine({ schema: "surprisal.route-records/1", ...header });
  const line = (change: object) => recordLine({ ...recordsOf(1)[0]!, ...change });
  it.each([
    ["", /no header/],
    [
      '{"schema":"surprisal.route-records/2","paths":[],"counting":null,"identity":null}\n',
      /line 1.*|schema/s,
    ],
    [`${first}nonsense\n`, /no JSON.*line 2/s],
    [first + line({ paths: { middle: { correct: true, tokens: 1 } } }), /no path "middle".*line 2/s],
    [first + line({}) + line({}), /"q0" comes twice.*line 3/s],
    [first + line({ paths: { short: { correct: "yes", tokens: 1 } } }), /paths\.short\.correct/],
    [first + line({ paths: { short: { correct: true, tokens: -1 } } }), /paths\.short\.tokens/],
    [
      first + line({ paths: { short: { correct: true, tokens: 1, signals: { nll: "low" } } } }),
      /signals\.nll/,
    ],
  ])("are refused when they are none (%#)", (text, message) => {
    expect(() => parseRecords(text, "records.jsonl")).toThrow(message);
    expect(() => parseRecords(text, "records.jsonl")).toThrow(
      expect.objectContaining({ code: "ROUTER_INVALID" }),
    );
  });
});

interface Draft {
  rule: { kind: string } & Record<"posterior" | "point" | "goal", Record<string, unknown>>;
}

describe("routers", () => {
  const records = {
    header: { schema: "surprisal.route-records/1" as const, ...header },
    records: recordsOf(400),
    wholeBytes: 0,
  };
  const routers = [
    car.fit(records).artefact,
    car.fit(records, { posterior: "isotonic", goal: { kind: "risk", risk: 0.3, of: "lost" } }).artefact,
    car.fit(records, { goal: { kind: "posterior", atLeast: 0 } }).artefact,
    car.fit(records, { mode: "faithful", instructions: { short: "Briefly.", long: "At length." } }).artefact,
    car.fit(records, { mode: "pilot" }).artefact,
    cascade.fit(
      records.records.map((each) => ({
        ...each,
        paths: { ...each.paths, long: { ...each.paths.long!, signals: { nll: 0 } } },
      })),
      {
        steps: [
          { name: "short", price: { written: 1 } },
          { name: "long", price: { written: 2, read: 1 } },
        ],
      },
    ).artefact,
  ];

  it.each(routers)("come back as they were (%#: $kind)", async (artefact) => {
    const file = join(mkdtempSync(join(tmpdir(), "route-")), "router.json");
    await saveRouter(file, artefact);
    expect(await loadRouter(file)).toEqual(artefact);
  });

  it("know what they were fitted to, and how the signal was made", () => {
    expect(routers[0]).toMatchObject({
      signal: "nll",
      counting: header.counting,
      identity: { model: { name: "toy" } },
      fittedOn: { n: 400, missing: 0 },
    });
    expect(routers[0]!.reference).toHaveLength(400);
    expect(routers[3]!.identity.wordingSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  const changed = (change: (artefact: Draft) => void): string => {
    const artefact: Draft = JSON.parse(routerText(routers[0]!));
    change(artefact);
    return JSON.stringify(artefact);
  };
  it.each([
    ["nonsense", /no JSON/],
    ['{"schema": "surprisal.router/1", "kind": "car", "kind": "cascade"}', /"kind" is twice in one object/],
    ["{}", /schema is not/],
    ['{"schema":"surprisal.router/9"}', /this version of surprisal knows/],
    [changed((a) => delete a.rule.posterior.slope), /rule\.posterior/],
    [changed((a) => Object.assign(a.rule.posterior, { slope: -1 })), /posterior/],
    [changed((a) => Object.assign(a.rule, { kind: "other" })), /rule\.kind is not one of/],
    [changed((a) => Object.assign(a.rule.point, { threshold: "0.5" })), /point\.threshold/],
    // vLLM semantic-router drops 8 of 14 parameters in silence
    [changed((a) => Object.assign(a.rule.goal, { tolerence: 0.1 })), /goal\.tolerence is not known/],
    [changed((a) => Object.assign(a.rule.goal, { atLeast: -1 })), /goal\.atLeast/],
  ])("are refused when they are none (%#)", (text, message) => {
    expect(() => parseRouter(text, "router.json")).toThrow(message);
    expect(() => parseRouter(text, "router.json")).toThrow(
      expect.objectContaining({ code: "ROUTER_INVALID" }),
    );
  });
});
