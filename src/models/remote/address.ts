/** Addresses of servers. */
import { invalidArgument } from "../../core/index.ts";

/**
 * The base address of an API: without a query, a fragment or credentials, ending in "/".
 * @throws SurprisalError INVALID_ARGUMENT.
 */
export function baseAddress(address: string | URL): URL {
  const text = String(address);
  const begins = /^https?:/i.test(text);
  if (!begins) throw invalidArgument("A server's address begins with http:// or https://", text);
  if (!URL.canParse(text)) throw invalidArgument("This is no address of a server", withoutCredentials(text));
  const url = new URL(text);
  if (url.username || url.password)
    throw invalidArgument(
      "The address holds credentials, which would be printed with it",
      shownAddress(url),
      "Put the key into the environment variable SURPRISAL_API_KEY.",
    );
  const base = new URL(url.origin);
  base.pathname = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  return base;
}

/** What cannot be taken apart is not shown before its last @. */
function withoutCredentials(text: string): string {
  return text.replace(/^(https?:\/*).*@/is, "$1…@");
}

/** Where a server's own endpoints are, beside the OpenAI-compatible ones under /v1. */
export function rootAddress(base: URL): URL {
  const root = new URL(base);
  root.pathname = base.pathname.replace(/v\d+\w*\/$/, "");
  return root;
}

/** An address as it may be printed: without credentials, query and fragment. */
export function shownAddress({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname.replace(/\/$/, "")}`;
}
