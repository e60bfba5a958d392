/** `surprisal watch`, as it is started: needs `npm run build`. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = join(root, "dist", "cli", "main.js");
const overtrained = join(root, "tools", "train", "logs", "overtrained.jsonl");
const folder = mkdtempSync(join(tmpdir(), "surprisal-watch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [main, "watch", ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.on("close", (code) => resolve(code)));

describe("surprisal watch", () => {
  it("draws a log, names its best step, and ends with the code of what it was asked to end at", async () => {
    const shown = await run(overtrained, "--ascii");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("best          step 200, perplexity 77.36");
    expect(shown.stdout).not.toMatch(/[^\n -~]/);
    const asked = await run(overtrained, "--exit-when", "overfit,nan", "--json");
    expect(asked.code).toBe(10);
    expect(JSON.parse(asked.stdout)).toMatchObject({
      schema: "surprisal.watch/1",
      runs: [{ best: { step: 200 }, alarms: [{ kind: "overfit" }] }],
    });
    expect((await run(overtrained, "--exit-when", "nonsense")).code).toBe(2);
  });

  it("tells a command and a server, with nothing of the log in the command's text", async () => {
    const hostile = join(folder, "hostile.jsonl");
    const harmed = join(folder, "harmed");
    writeFileSync(
      hostile,
      `{"run":"$(touch ${harmed})","step":1,"loss":3}\n{"run":"$(touch ${harmed})","step":2,"loss":NaN}\n`,
    );
    const posted: unknown[] = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      posted.push(JSON.parse(body));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const out = join(folder, "told");
    const { port } = server.address() as AddressInfo;
    const { code } = await run(
      hostile,
      "--exit-when",
      "nan",
      "--webhook",
      `http://127.0.0.1:${port}/hook`,
      "--on-stop",
      `cat > '${out}'; printf '%s %s' "$SURPRISAL_ALARM" "$SURPRISAL_STEP" >> '${out}'`,
    );
    server.close();
    expect(code).toBe(12);
    expect(posted).toMatchObject([
      { kind: "nan", step: 2, loss: null, schema: "surprisal.training-alarm/1" },
    ]);
    const [line, facts] = readFileSync(out, "utf8").split("\n");
    expect(JSON.parse(line!)).toMatchObject({ kind: "nan", step: 2 });
    expect(facts).toBe("nan 2");
    expect(() => readFileSync(harmed)).toThrow();
  });

  it("follows a log that grows, and ends once it overfits", async () => {
    const log = join(folder, "live.jsonl");
    const lines = readFileSync(overtrained, "utf8").split("\n").slice(0, -1);
    const at = lines.findIndex((line) => line.startsWith('{"step": 240, "split": "valid"'));
    writeFileSync(log, `${lines.slice(0, at).join("\n")}\n${lines[at]!.slice(0, 20)}`);
    const child = spawn(process.execPath, [
      main,
      "watch",
      log,
      "--follow",
      "--json",
      "--exit-when",
      "overfit",
    ]);
    let stdout = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    const code = ended(child);
    setTimeout(
      () => appendFileSync(log, `${lines[at]!.slice(20)}\n${lines.slice(at + 1).join("\n")}\n`),
      1500,
    );
    expect(await code).toBe(10);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; kind?: string; step?: number });
    expect(events.find(({ kind }) => kind === "overfit")).toMatchObject({
      type: "alarm",
      step: 320,
      best: { step: 200 },
    });
    expect(events.at(-1)).toMatchObject({ type: "report" });
  });

  it("advises a trainer that posts its lines, and refuses pages", async () => {
    const child = spawn(process.execPath, [
      main,
      "watch",
      "--listen",
      "0",
      "--exit-when",
      "overfit",
      "--json",
    ]);
    const code = ended(child);
    const url = await new Promise<string>((resolve) => {
      child.stderr.on("data", (chunk: Buffer) => {
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(String(chunk));
        if (found) resolve(found[0]);
      });
    });
    expect(
      (
        await fetch(url, {
          method: "POST",
          body: '{"step":1,"loss":3}',
          headers: { origin: "http://evil.example" },
        })
      ).status,
    ).toBe(403);
    expect((await fetch(url, { method: "POST", body: "nonsense" })).status).toBe(400);
    // The trainer's own log, line by line, until it is told to stop.
    let stopped: unknown = null;
    for (const line of readFileSync(overtrained, "utf8").trim().split("\n")) {
      const answer = (await (await fetch(url, { method: "POST", body: line })).json()) as { stop: boolean };
      if (!answer.stop) continue;
      stopped = (JSON.parse(line) as { step: number }).step;
      break;
    }
    expect(stopped).toBe(320);
    expect(await code).toBe(10);
  });
});
