/** HTTP as the downloads need it: credentials bound to one origin, and errors that say whether to try again. */
import { abortError } from "../../core/index.ts";
import { type HttpAnswer, readWhole, request } from "../../net/index.ts";
import { transferFailure } from "./failure.ts";
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
}

const MOST_REDIRECTS = 10;
/** The index's page of a package with a thousand releases has a few MiB. */
const MOST_PAGE_BYTES = 64 * 2 ** 20;

export class HttpClient {
  readonly settings: Settings;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** @throws TransferFailure when no answer arrives; an answer of any status is returned. */
  async request(url: URL, options: DownloadOptions = {}): Promise<HttpAnswer> {
    const { method = "GET", headers = {}, authorization, followAbroad, decode } = options;
    const { signal, environment, patience } = this.settings;
    try {
      return await request({
        url,
        method,
        headers,
        own: authorization && {
          origin: authorization.origin,
          headers: { authorization: authorization.value },
        },
        patience: { connectMs: patience.connectMs, silenceMs: patience.stallMs },
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

  /** The whole body of a small answer. */
  async bytes(answer: HttpAnswer): Promise<Buffer> {
    try {
      return await readWhole(answer, MOST_PAGE_BYTES);
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
