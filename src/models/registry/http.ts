/** HTTP as the downloads need it: credentials bound to one origin, and errors that say whether to try again. */
import { abortError } from "../../core/index.ts";
import { type HttpAnswer, NetworkFailure, readWhole, redact, request } from "../../net/index.ts";
import { TransferFailure, transferFailure } from "./failure.ts";
import type { Settings } from "./settings.ts";

/** An Authorization header and the only origin that may see it. */
export interface Authorization {
  origin: string;
  value: string;
}

export interface DownloadOptions {
  method?: "GET" | "HEAD" | undefined;
  headers?: Record<string, string> | undefined;
  authorization?: Authorization | undefined;
  /** Follow redirects to other origins. Default true; false answers with the redirect itself. */
  followAbroad?: boolean | undefined;
  /** Compressed bodies are decoded. Default true. */
  decode?: boolean | undefined;
  /** It is to be read whole by `bytes`: it must end in time. Default false. */
  isPage?: boolean | undefined;
}

const MOST_REDIRECTS = 10;
/** Silences that a whole page may take, all in all: five minutes where one may last half a minute. */
const PAGE_STALLS = 10;

export class HttpClient {
  readonly settings: Settings;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** @throws TransferFailure when no answer arrives; an answer of any status is returned. */
  async request(url: URL, options: DownloadOptions = {}): Promise<HttpAnswer> {
    const { method = "GET", headers = {}, authorization, followAbroad, decode, isPage } = options;
    const { connectMs, stallMs } = this.settings.patience;
    const { signal, environment } = this.settings;
    try {
      return await request({
        url,
        method,
        headers,
        own: authorization && {
          origin: authorization.origin,
          headers: { authorization: authorization.value },
        },
        patience: { connectMs, silenceMs: stallMs, overallMs: isPage ? PAGE_STALLS * stallMs : undefined },
        environment,
        proxyLoopback: true,
        decode,
        mostRedirects: MOST_REDIRECTS,
        followAbroad,
        signal,
      });
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** The whole of a page of an index or of a hub's answer. */
  async bytes(answer: HttpAnswer): Promise<Buffer> {
    try {
      return await readWhole(answer, this.settings.mostPageBytes);
    } catch (error) {
      if (!(error instanceof NetworkFailure) || error.mishap !== "size") throw this.failure(error);
      throw new TransferFailure("never", error.message, redact(error.url), {
        wayOut:
          "No index or hub is known with such a page. If this one is right, set SURPRISAL_MOST_PAGE_BYTES (in code: mostPageBytes).",
        cause: error,
      });
    }
  }

  /** The whole body of an answer that has at most so many bytes. */
  async atMost(answer: HttpAnswer, most: number): Promise<Buffer> {
    try {
      return await readWhole(answer, most);
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** What went wrong while a body was read. */
  failure(error: unknown): unknown {
    const { signal } = this.settings;
    return signal?.aborted ? abortError("The download", signal) : transferFailure(error);
  }
}
