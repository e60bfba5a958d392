/** Deciding about many states: a row each, in their order, kept as they come. */
import { SurprisalError } from "../../core/index.ts";
import type { Decisions, ServedDecisions } from "../../decide/index.ts";
import { onInterrupt } from "../../files/index.ts";
import { formatCount, formatPlural, visible } from "../../text/index.ts";
import { errorEvent } from "../chat/index.ts";
import { someFailed, triesAgain } from "../errors.ts";
import { type AnswerFile, InOrder, type Kept, type Request } from "../generate/index.ts";
import { printEvent } from "../json.ts";
import { startProgress } from "../render/index.ts";
import type { Decider } from "./decider.ts";
import type { StateRow } from "./given.ts";

/** A line of the file: the place of the state is `prompt`, as in the rows of `surprisal generate`. */
interface DecisionRow extends Kept, Pick<Decisions, "decisions" | "notes"> {
  type: "answer";
  id: StateRow["id"];
  usage: (Decisions | ServedDecisions)["usage"];
}

interface StatesGiven {
  decider: Decider;
  rows: readonly StateRow[];
  request: Request;
  /** `null`: rows go to standard output. */
  file: AnswerFile | null;
  /** Its name. */
  out: string | undefined;
  quiet: boolean;
}

/** States that a server is asked at once. */
const AT_ONCE = 8;
/** Where so many fail before the first is decided, it is not the states. */
const HOPELESS = 3;

/**
 * Decides what is missing.
 * @throws SurprisalError MODEL_FAILED, once all the others have their answers; what would fail for all of them, at once.
 */
export async function decideStates({ decider, rows, request, file, out, quiet }: StatesGiven): Promise<void> {
  const missing = rows.filter((row) => !file?.has(row, 0));
  const failures: { row: StateRow; error: unknown }[] = [];
  let [done, strikes] = [0, 0];
  const progress = startProgress({ label: "deciding", unit: "states" });
  const order = new InOrder<Kept>((row) => (file ? file.add(row) : printEvent(row)));
  const stopWatching = onInterrupt(() => {
    progress.end();
    order.flush();
    file?.[Symbol.dispose]();
    const so = `Interrupted: ${formatCount(done)} of ${formatPlural(missing.length, "state")} done`;
    process.stderr.write(
      out === undefined
        ? `${so}. With --out FILE they can be gone on with.\n`
        : `${so}, in ${visible(out)}. Go on with the same command and --resume.\n`,
    );
  });
  const one = async (row: StateRow, place: number) => {
    const head = { prompt: row.index, id: row.id, sample: 0, promptSha256: row.sha256, request };
    try {
      const { decisions, usage, notes } = await decider.decide(row.state);
      const decided: DecisionRow = { type: "answer", ...head, decisions, usage, notes };
      order.add(place, decided);
    } catch (error) {
      const isServers = decider.isServer && isOfServer(error);
      if (!isServers && !isAboutState(error)) throw error;
      failures.push({ row, error });
      if (isServers && done < failures.length && ++strikes === HOPELESS) throw error;
      const { type, ...said } = errorEvent(error);
      const failure: Kept & { id: StateRow["id"] } = { ...head, ...said, type: "error" };
      order.add(place, failure);
    }
    done++;
    if (!quiet) progress.update({ done, total: missing.length });
  };
  try {
    await sideBySide(missing, decider.isServer ? AT_ONCE : 1, one);
    file?.finish();
  } finally {
    order.flush();
    stopWatching();
    progress.end();
  }
  if (!quiet && file)
    process.stderr.write(
      `${formatPlural(done - failures.length, "state")} decided, in ${visible(out ?? "")}\n`,
    );
  if (failures.length > 0) throw failed(failures, done, out);
}

/** No more are begun after one that throws; those that have begun are waited for. */
async function sideBySide<Thing>(
  things: readonly Thing[],
  atOnce: number,
  work: (thing: Thing, place: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const workers = Array.from({ length: Math.min(atOnce, things.length) }, async () => {
    while (next < things.length) {
      const place = next++;
      try {
        await work(things[place]!, place);
      } catch (error) {
        next = things.length;
        throw error;
      }
    }
  });
  const ends = await Promise.allSettled(workers);
  const broken = ends.find((end) => end.status === "rejected");
  if (broken) throw broken.reason;
}

/** What another state may not have: it is too long, empty, or no text. */
const isAboutState = (error: unknown): boolean =>
  SurprisalError.isInstance(error) &&
  (error.code === "CONTEXT_EXCEEDED" ||
    (["EMPTY_INPUT", "INVALID_UTF8", "INVALID_ARGUMENT"].includes(error.code) &&
      (error.where ?? "").startsWith("state")));

/** What a server makes of one state may be no answer, and of the next one. */
const isOfServer = (error: unknown): boolean =>
  SurprisalError.isInstance(error) &&
  ["WIRE_MALFORMED", "SERVER_ERROR", "STREAM_CUT", "ANSWER_TOO_LONG"].includes(error.code);

function failed(
  failures: readonly { row: StateRow; error: unknown }[],
  done: number,
  out: string | undefined,
): SurprisalError {
  return someFailed({
    failures: failures
      .toSorted((a, b) => a.row.index - b.row.index)
      .map(({ row, error }) => ({ error, where: row.where })),
    ...{ done, noun: "state", wayOut: "Mend the state.", next: triesAgain(out) },
  });
}
