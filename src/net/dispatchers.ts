/** Undici's dispatchers hold the connections that are used again: one for each way out of this machine. */
import type { SecureContext } from "node:tls";
import type { Dispatcher } from "undici";
import { trustedAuthorities } from "./authorities.ts";
import { proxyCredentials } from "./proxy.ts";

/** Of connections that trust whom Node trusts. */
const plain = new Map<string, Dispatcher>();
/** Of those that trust others too. */
const trusting = new WeakMap<SecureContext, Map<string, Dispatcher>>();

export interface Way {
  /** Names the certificate authorities. */
  environment: NodeJS.ProcessEnv;
  /** `null`: straight. */
  proxy: URL | null;
  /** Longest wait for a connection, milliseconds; undici counts in steps of half a second. */
  connectMs: number;
}

export async function dispatcherFor({ environment, proxy, connectMs }: Way): Promise<Dispatcher> {
  const secureContext = trustedAuthorities(environment);
  const kept = secureContext ? (trusting.get(secureContext) ?? new Map<string, Dispatcher>()) : plain;
  if (secureContext) trusting.set(secureContext, kept);
  const key = `${connectMs} ${proxy?.href}`;
  const found = kept.get(key);
  if (found) return found;
  const { Agent, Pool, ProxyAgent } = await import("undici"); // takes a while to load, and most commands need no network
  const connect = { timeout: connectMs, ...(secureContext && { secureContext }) };
  const token = proxy && proxyCredentials(proxy);
  const made = proxy
    ? new ProxyAgent({
        uri: `${proxy.protocol}//${proxy.host}`,
        ...(token && { token }),
        proxyTunnel: false, // of plain requests: a company's proxy forwards those
        requestTls: connect,
        proxyTls: connect,
        clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: connectMs }),
      })
    : new Agent({ connect });
  kept.set(key, made);
  return made;
}
