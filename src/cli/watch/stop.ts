/** What is done when a run should be stopped: a command, a message to a server, an exit code. */
import { spawn } from "node:child_process";
import { SurprisalError } from "../../core/index.ts";
import { readWhole, request } from "../../net/index.ts";
import type { AlarmKind, TrainingAlarm } from "../../train/index.ts";

/** Exit codes of --exit-when; docs/training.md lists them. */
export const EXIT_CODES: Readonly<Record<AlarmKind, number>> = {
  overfit: 10,
  plateau: 11,
  nan: 12,
  spike: 13,
};

const MOST_ANSWER = 2 ** 20;
const PATIENCE = { connectMs: 5000, silenceMs: 10_000, overallMs: 15_000 };

/** An alarm as it is told to others: JSON. */
export function alarmEvent(alarm: TrainingAlarm, log: string): object {
  return { schema: "surprisal.training-alarm/1", type: "alarm", log, ...alarm };
}

/**
 * Runs a command of the shell. Nothing of the log gets into its text: the facts are in the environment (SURPRISAL_ALARM, _RUN,
 * _STEP, _LOSS, _BEST_STEP, _BEST_LOSS, _LOG) and as JSON on its standard input.
 * @returns what went wrong, in words; `null`: it ended with 0.
 */
export function runCommand(command: string, alarm: TrainingAlarm, log: string): Promise<string | null> {
  const env = {
    ...process.env,
    SURPRISAL_ALARM: alarm.kind,
    SURPRISAL_RUN: alarm.run.replaceAll("\0", ""),
    SURPRISAL_STEP: String(alarm.step),
    SURPRISAL_LOSS: alarm.loss === null ? "" : String(alarm.loss),
    SURPRISAL_BEST_STEP: alarm.best === null ? "" : String(alarm.best.step),
    SURPRISAL_BEST_LOSS: alarm.best === null ? "" : String(alarm.best.loss),
    SURPRISAL_LOG: log.replaceAll("\0", ""),
  };
  return new Promise((resolve) => {
    // What it prints goes beside our own words, so that --json stays a document.
    const child = spawn(command, { shell: true, env, stdio: ["pipe", process.stderr, process.stderr] });
    child.on("error", (error) => resolve(`--on-stop could not be started: ${error.message}`));
    child.on("close", (code, signal) =>
      resolve(code === 0 ? null : `--on-stop ended with ${signal ?? code}`),
    );
    child.stdin.on("error", () => {}); // it may not read what it is told
    child.stdin.end(`${JSON.stringify(alarmEvent(alarm, log))}\n`);
  });
}

/** The address of --webhook. @throws SurprisalError INVALID_ARGUMENT */
export function webhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: "--webhook takes an address that begins with http:// or https://",
    wayOut: "Give the whole address.",
  });
}

/** Posts an alarm. @returns what went wrong, in words, without the address, which may hold a secret. */
export async function postAlarm(url: URL, alarm: TrainingAlarm, log: string): Promise<string | null> {
  // "text" is what Slack, Mattermost and Google Chat show.
  const body = JSON.stringify({ text: `${alarm.run}: ${alarm.what}`, ...alarmEvent(alarm, log) });
  try {
    const answer = await request({
      ...{ url, method: "POST", headers: { "content-type": "application/json" }, body },
      ...{ patience: PATIENCE, environment: process.env, mostRedirects: 3, followAbroad: false },
    });
    await readWhole(answer, MOST_ANSWER);
    return answer.status >= 200 && answer.status < 300
      ? null
      : `--webhook: the server answered ${answer.status}`;
  } catch (error) {
    const code =
      error instanceof Error && "mishap" in error
        ? String(error.mishap)
        : error instanceof Error
          ? error.name
          : "failed";
    return `--webhook: the server could not be told (${code})`;
  }
}
