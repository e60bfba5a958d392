/** `surprisal chat` as people start it: in pipes, at a terminal, and against servers. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { BUILT, type RunOptions, runCommand } from "./cli-run.ts";
import { needing } from "./needing.ts";
import { type FakeServer, type Misbehaviour, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

const ESCAPE = "\u001b";
const ESCAPES = new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]`, "g");
const STORY = "It was a dark night, and the old man";

interface Event {
  type: string;
  [field: string]: unknown;
}

const chat = (args: readonly string[], options: RunOptions = {}) => runCommand(["chat", ...args], options);
const eventsOf = (stdout: string): Event[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const tokensOf = (events: readonly Event[]) => events.filter(({ type }) => type === "token");
const textOf = (events: readonly Event[]) =>
  tokensOf(events)
    .map(({ text }) => text)
    .join("");

describe("surprisal chat --once", () => {
  it("writes the answer alone on standard output, and what it is beside it", async () => {
    const { code, stdout, stderr } = await chat(["--once", STORY, "--max-tokens", "20"]);
    expect(code).toBe(0);
    expect(stdout.trim()).not.toBe("");
    expect(stdout).not.toContain("perplexity");
    expect(stdout + stderr).not.toContain(ESCAPE);
    expect(stderr).toMatch(/^mini is a base model: .*smollm2/);
    expect(stderr.match(/base model/g)).toHaveLength(1);
    expect(stderr).toMatch(
      /^perplexity [\d.]+ · 20 tokens · most surprising: .* bits · cut at --max-tokens 20$/m,
    );
  });

  it("takes the text from a pipe; --quiet says nothing else; the same seed, the same answer", async () => {
    const run = (seed: string) => chat(["-q", "--max-tokens", "12", "--seed", seed], { input: `${STORY}\n` });
    const [first, again, other] = [await run("1"), await run("1"), await run("2")];
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toBe(again.stdout);
    expect(first.stdout).not.toBe(other.stdout);
    const argument = await chat(["-q", "--max-tokens", "12", "--seed", "1", "--once", STORY]);
    expect(argument.stdout).toBe(first.stdout);
  });

  it("colours it on request, and NO_COLOR stands above that", async () => {
    const args = ["-q", "--once", STORY, "--max-tokens", "12"];
    const plain = await chat(args);
    const coloured = await chat(args, { environment: { FORCE_COLOR: "3" } });
    expect(coloured.stdout).toContain("\u001b[48;2;");
    expect(coloured.stdout.replaceAll(ESCAPES, "").replaceAll("↵", "")).toBe(plain.stdout);
    const without = await chat(args, { environment: { FORCE_COLOR: "3", NO_COLOR: "1" } });
    expect(without.stdout).toBe(plain.stdout);
  });

  it("--json is an event a line, whose numbers make up the perplexity", async () => {
    const { code, stdout } = await chat([
      "--once",
      STORY,
      "--json",
      "--max-tokens",
      "15",
      "--top-logprobs",
      "3",
    ]);
    const events = eventsOf(stdout);
    const [done] = events.slice(-1);
    const tokens = tokensOf(events);
    expect(code).toBe(0);
    expect(tokens).toHaveLength(15);
    expect(done).toMatchObject({
      type: "done",
      text: textOf(events),
      tokens: 15,
      scored: 15,
      partial: false,
      finishReason: "length",
      warnings: [],
      provenance: {
        model: { name: "mini" },
        settings: { device: expect.stringMatching(/^cpu|^gpu/), kernels: expect.any(String) },
        probabilities: "raw",
      },
    });
    expect(done).not.toHaveProperty("stoppedBy");
    let nll = 0;
    for (const [i, token] of tokens.entries()) {
      nll -= token.logprob as number;
      expect(token.perplexity).toBeCloseTo(Math.exp(nll / (i + 1)), 6);
      expect(token.alternatives).toHaveLength(3);
    }
    expect(done!.perplexity).toBe(tokens.at(-1)!.perplexity);
  });

  it("--prefill begins it, without numbers; --stop ends it, and says which, and what lay behind it", async () => {
    const greedy = ["--temperature", "0", "--max-tokens", "12"];
    const plain = eventsOf((await chat(["--once", "Once upon a time", ...greedy, "--json"])).stdout);
    const text = textOf(plain);
    const stop = text.slice(5, 7);
    const args = ["--once", "Once upon a", "--prefill", " time", "--stop", stop, "--stop", "zzz", ...greedy];
    const events = eventsOf((await chat([...args, "--json"])).stdout);
    const done = events.at(-1)!;
    expect(done).toMatchObject({
      type: "done",
      prefill: " time",
      text: text.slice(0, text.indexOf(stop)),
      finishReason: "stop",
      stop: { text: stop, behind: expect.any(String) },
      tokens: tokensOf(events).length,
    });
    const { stdout, stderr } = await chat(args);
    expect(stdout).toBe(` time${done.text}\n`);
    expect(stderr).toContain(`ended at the stop string ${JSON.stringify(stop)}`);
    const { behind } = done.stop as { behind: string };
    if (behind !== "") expect(stderr).toContain(`held ${JSON.stringify(behind)} behind it`);
    const quiet = await chat([...args, "-q"]);
    expect([quiet.stdout, quiet.stderr]).toEqual([stdout, ""]);
  });

  it("takes \\n in a stop string for a line break, and the samplers of llama.cpp", async () => {
    const args = [
      "--once",
      "The first line ends here.\nThe second",
      "--json",
      "--max-tokens",
      "60",
      "--seed",
      "2",
    ];
    const events = eventsOf((await chat([...args, "--stop", "\\n"])).stdout);
    expect(textOf(events)).not.toContain("\n");
    const only = eventsOf(
      (await chat([...args, "--min-p", "1", "--max-tokens", "8"].filter((_, i) => i !== 3 && i !== 4)))
        .stdout,
    );
    const greedy = eventsOf(
      (await chat([...args.slice(0, 3), "--temperature", "0", "--max-tokens", "8"])).stdout,
    );
    expect(textOf(only)).toBe(textOf(greedy));
    const fresh = eventsOf(
      (
        await chat([
          ...args.slice(0, 3),
          "--max-tokens",
          "30",
          "--presence-penalty",
          "50",
          "--repeat-last-n",
          "all",
        ])
      ).stdout,
    );
    const ids = tokensOf(fresh).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("--stop-when ends it, and says why", async () => {
    const args = ["--once", STORY, "--stop-when", "perplexity>1 after 4"];
    const events = eventsOf((await chat([...args, "--json"])).stdout);
    expect(tokensOf(events)).toHaveLength(4);
    expect(events.at(-1)).toMatchObject({
      type: "done",
      tokens: 4,
      finishReason: "policy",
      stoppedBy: {
        token: 4,
        policy: "perplexity>1 after 4",
        message: expect.stringMatching(/^stopped at token 4: /),
      },
    });
    const { stderr, code } = await chat(args);
    expect(stderr).toMatch(/· stopped at token 4: perplexity [\d.]+ > 1$/m);
    expect(code).toBe(0);
  });

  it("points into a policy that is none", async () => {
    const { code, stdout, stderr } = await chat(["--once", STORY, "--stop-when", "window >> 80"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ {2}window >> 80\n {10}\^\n/m);
    const json = await chat(["--once", STORY, "--stop-when", "window >> 80", "--json"]);
    expect(json.code).toBe(2);
    expect(eventsOf(json.stdout)).toMatchObject([{ type: "error", code: "INVALID_ARGUMENT" }]);
  });

  it.each([
    ["no text", [], "", 1, "EMPTY_INPUT"],
    ["a temperature that is none", ["--once", "a", "--temperature", "warm"], "", 2, "USAGE"],
    ["no mass at all", ["--once", "a", "--top-p", "0"], "", 2, "USAGE"],
    ["an option there is not", ["--once", "a", "--temprature", "1"], "", 2, "USAGE"],
    ["no tokens", ["--once", "a", "--max-tokens", "0"], "", 2, "USAGE"],
    ["an empty stop string", ["--once", "a", "--stop", ""], "", 2, "USAGE"],
    ["a penalty that is none", ["--once", "a", "--repeat-penalty", "0"], "", 2, "INVALID_ARGUMENT"],
    ["a model there is not", ["--once", "a", "--model", "minni"], "", 2, "UNKNOWN_MODEL"],
    ["more alternatives than tokens", ["--once", "a", "--top-logprobs", "1000"], "", null, null],
    ["a text longer than the model reads", [], "word ".repeat(20_000), 1, null],
  ])("%s: an error in words and as an event", async (_, args, input, exitCode, errorCode) => {
    const words = await chat(args, { input });
    const events = await chat([...args, "--json"], { input });
    expect(words.code).toBeGreaterThan(0);
    if (exitCode) expect([words.code, events.code]).toEqual([exitCode, exitCode]);
    if (errorCode)
      for (const { stderr } of [words, events])
        expect(stderr.trimEnd()).toMatch(new RegExp(`\\[${errorCode}\\]$`));
    expect(words.stderr).not.toContain("score");
    expect(eventsOf(events.stdout)).toMatchObject([
      { type: "error", code: errorCode ?? expect.any(String), message: expect.stringMatching(/./) },
    ]);
  });

  it("ends in silence when the reader of the pipe has enough", async () => {
    const { code, stderr } = await chat(["--once", STORY, "--json"], {
      meanwhile: ({ stdout }) => stdout!.destroy(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("Ctrl-C ends it by the signal, at once", async () => {
    let sent = 0;
    const { signal, stdout } = await chat(["--once", STORY, "--max-tokens", "100000", "--json"], {
      meanwhile: (child) =>
        child.stdout!.once("data", () => {
          sent = performance.now();
          child.kill("SIGINT");
        }),
    });
    expect(signal).toBe("SIGINT");
    expect(performance.now() - sent).toBeLessThan(2000);
    expect(stdout).not.toContain('"done"');
  });
});

describe("surprisal chat with a server", () => {
  let server: FakeServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function ask(misbehave: Misbehaviour = {}, args: readonly string[] = []) {
    server ??= await startFakeServer({ dialect: "openai", model: plainModel() });
    // What opening the model asks comes first, and is answered properly: only the answer is broken.
    const opening = server.requests.length - 1;
    let asked = 0;
    Object.defineProperty(server, "misbehave", {
      get: () => (asked++ >= opening ? misbehave : {}),
      configurable: true,
    });
    const model = `${server.url}#plain`;
    const given = ["--once", "Hello", "--model", model, "--json", "--max-tokens", "30", ...args];
    const { code, stdout, stderr } = await chat(given);
    return { code, stderr, events: eventsOf(stdout) };
  }

  it("shows its tokens with their numbers", async () => {
    const { code, events } = await ask();
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({
      type: "done",
      text: textOf(events),
      perplexity: expect.any(Number),
    });
    expect(tokensOf(events).every(({ logprob }) => (logprob as number) <= 0)).toBe(true);
  });

  it.each<[string, Misbehaviour]>([
    ["a stream that is cut", { cutAfterBytes: 3000 }],
    ["an error in the middle", { errorAfterEvents: 6 }],
  ])("%s ends in an error, after the tokens that did arrive", async (_, misbehave) => {
    await ask();
    const { code, events, stderr } = await ask(misbehave);
    expect(code).toBe(1);
    expect(tokensOf(events).length).toBeGreaterThan(1);
    expect(events.slice(-1)).toMatchObject([
      { type: "error", code: expect.stringMatching(/^(STREAM_CUT|SERVER_ERROR)$/) },
    ]);
    expect(events.filter(({ type }) => type !== "token")).toHaveLength(1);
    expect(stderr).not.toBe("");
  });

  it("lets the server go when a policy stops the answer", async () => {
    await ask();
    const { code, events } = await ask({ slow: 10 }, ["--stop-when", "tokens>=3"]);
    expect({ code, last: events.at(-1) }).toMatchObject({
      code: 0,
      last: { type: "done", stoppedBy: { token: 3 } },
    });
    await expect.poll(() => server!.requests.at(-1)!.aborted).toBe(true);
  });
});

function hasScript(): boolean {
  try {
    execFileSync("script", ["--version"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

/** Types into the command at a terminal of `columns`: each key sequence when what is awaited has appeared. */
async function atTerminal(
  columns: number,
  args: string,
  steps: readonly (readonly [awaited: RegExp, keys: string])[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; screen: string }> {
  const main = fileURLToPath(new URL(`file://${BUILT}cli/main.js`));
  const command = `stty cols ${columns} rows 24; exec "${process.execPath}" "${main}" chat ${args}`;
  const { NO_COLOR: _, CI: __, ...inherited } = process.env; // Node takes a terminal in CI for colourless
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: { ...inherited, TERM: "xterm-256color", ...environment },
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let screen = "";
  let seen = 0;
  const left = [...steps];
  child.stdout.setEncoding("utf8").on("data", (data: string) => {
    screen += data;
    const found = left[0]?.[0].exec(screen.slice(seen));
    if (!found) return;
    seen += found.index + found[0].length;
    child.stdin.write(left.shift()![1]);
  });
  const [code] = await once(child, "close");
  expect(left.map(([awaited]) => awaited)).toEqual([]);
  return { code, screen };
}

/** What stands there, however the lines were broken. */
const wordsOf = (screen: string) => screen.replaceAll(ESCAPES, "").replaceAll(/\s+/g, " ");

const PROMPT = /> \u001b\[3G$/;

needing(!hasScript() && "no util-linux script").describe("surprisal chat at a terminal", () => {
  it("answers in colour above a status line, keeps pastes together, and leaves by Ctrl-D", async () => {
    const { code, screen } = await atTerminal(60, "--max-tokens 24", [
      [PROMPT, `${STORY}\r`],
      [PROMPT, "\u001b[200~one\rtwo\u001b[201~ three\r"],
      [PROMPT, "\u0004"],
    ]);
    expect(code).toBe(0);
    expect(screen).toMatch(/\u001b\[48;(2|5);/);
    expect(screen).toMatch(/\d+ tokens? {2}perplexity [\d.]+ {2}/);
    expect(wordsOf(screen).match(/perplexity [\d.]+ · 24 tokens/g)).toHaveLength(2);
    expect(wordsOf(screen).match(/is a base model/g)).toHaveLength(1);
  });

  it("carries out its commands", async () => {
    const { code, screen } = await atTerminal(80, "--max-tokens 30", [
      [PROMPT, "/help\r"],
      [PROMPT, "/stop window>>80\r"],
      [PROMPT, "/stop tokens>=3\r"],
      [PROMPT, `${STORY}\r`],
      [PROMPT, "/sytem\r"],
      [PROMPT, "/system Be brief.\r"],
      [PROMPT, "/reset\r"],
      [PROMPT, "/quit\r"],
    ]);
    expect(code).toBe(0);
    for (const words of ["/system TEXT", "[INVALID_ARGUMENT]", "did you mean /system?", "Forgotten."])
      expect(screen).toContain(words);
    expect(wordsOf(screen)).toContain("stopped at token 3: tokens 3 >= 3");
  });

  it("Ctrl-C stops the answer and not the conversation", async () => {
    const { code, screen } = await atTerminal(80, "--max-tokens 100000", [
      [PROMPT, `${STORY}\r`],
      [/ tokens {2}perplexity /, "\u0003"],
      [PROMPT, "\u0004"],
    ]);
    expect(code).toBe(0);
    expect(wordsOf(screen)).toContain("stopped by you");
  });

  it("has no colours under NO_COLOR, and no moving line in a dumb terminal", async () => {
    const { screen } = await atTerminal(40, `--once "${STORY}" --max-tokens 8`, [], { NO_COLOR: "1" });
    expect(screen).not.toMatch(/\u001b\[[\d;]*m/);
    expect(screen).toContain("\u001b[J");
    const dumb = await atTerminal(40, `--once "${STORY}" --max-tokens 8`, [], {
      TERM: "dumb",
      NO_COLOR: "1",
    });
    expect(dumb.screen).not.toContain(ESCAPE);
  });
});
