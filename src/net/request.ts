/** Requests that follow redirects, with headers that stay with one server. */
import { type Answer, type Exchange, exchange } from "./exchange.ts";
import { NetworkFailure } from "./failure.ts";

/** Headers and the only origin that may see them. */
interface OwnHeaders {
  origin: string;
  headers: Record<string, string>;
}

export interface HttpRequest extends Exchange {
  /** Credentials, and whatever else was given for one server. */
  own?: OwnHeaders | undefined;
  /** Redirects that are followed, at most. */
  mostRedirects: number;
  /** Follow redirects to other origins, or to some. Default true; where false, the answer is the redirect itself. */
  followAbroad?: boolean | ((from: URL, to: URL) => boolean) | undefined;
}

export interface HttpAnswer extends Answer {
  /** Address after redirects. */
  url: URL;
}

/**
 * An answer of any status.
 * @throws NetworkFailure; the signal's reason when it is aborted.
 */
export async function request(wanted: HttpRequest): Promise<HttpAnswer> {
  const { method, headers, own, mostRedirects, followAbroad = true } = wanted;
  let { url } = wanted;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const mine = own?.origin === url.origin ? own.headers : {};
    const answer = { ...(await exchange({ ...wanted, url, headers: { ...headers, ...mine } })), url };
    const target = redirectTarget(answer, method);
    if (!target || (target.origin !== url.origin && !mayFollow(followAbroad, url, target))) return answer;
    answer.dispose();
    if (url.protocol === "https:" && target.protocol !== "https:")
      throw new NetworkFailure("redirect", "The server redirects to an unencrypted address", target);
    url = target;
  }
  throw new NetworkFailure("redirect", `More than ${mostRedirects} redirects`, wanted.url);
}

function mayFollow(abroad: NonNullable<HttpRequest["followAbroad"]>, from: URL, to: URL): boolean {
  return typeof abroad === "function" ? abroad(from, to) : abroad;
}

/** Where to go instead, or `null`. A GET may be sent anywhere; what is posted only where the status keeps it a POST. */
export function redirectTarget({ status, headers, url }: HttpAnswer, method: Exchange["method"]): URL | null {
  const statuses = method === "POST" ? [307, 308] : [301, 302, 303, 307, 308];
  const { location } = headers;
  if (!statuses.includes(status) || !location || !URL.canParse(location, url.href)) return null;
  const target = new URL(location, url);
  return /^https?:$/.test(target.protocol) ? target : null;
}

/**
 * The whole of a small body, decoded.
 * @param most bytes it may have.
 * @throws NetworkFailure
 */
export async function readWhole({ body, url }: HttpAnswer, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw new NetworkFailure("size", `The answer is larger than ${most / 2 ** 20} MiB`, url);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
