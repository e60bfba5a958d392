/** Proxies, as curl and pip read them: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, in either case. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { abortError } from "../../core/index.ts";
import { codedError, TransferFailure } from "./failure.ts";

/** The proxy an address is reached through, or `null`. */
export function proxyFor(url: URL, environment: NodeJS.ProcessEnv): URL | null {
  const variable = (name: string) => environment[name.toLowerCase()] || environment[name];
  const address = variable(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") || variable("ALL_PROXY");
  if (!address || isExempt(url, variable("NO_PROXY") ?? "")) return null;
  const withScheme = address.includes("://") ? address : `http://${address}`;
  if (URL.canParse(withScheme) && /^https?:/i.test(withScheme)) return new URL(withScheme);
  throw new TransferFailure(
    "never",
    "The proxy's address is not an http:// or https:// address",
    "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY",
  );
}

/** NO_PROXY: host names, which stand for their subdomains too, with or without a port; `*` is every host. */
function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const ownPort = port || (protocol === "https:" ? "443" : "80");
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, pattern, wantedPort] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase())!;
    if (!pattern || (wantedPort && wantedPort !== ownPort)) return false;
    return hostname === pattern || hostname.endsWith(`.${pattern}`);
  });
}

/** The header that a proxy's own credentials travel in. */
export function proxyCredentials({ username, password }: URL): Record<string, string> {
  if (!username) return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

interface TunnelOptions {
  connectMs: number;
  signal: AbortSignal | undefined;
  secureContext: SecureContext | undefined;
}

/** A TLS connection to the server, through the proxy (CONNECT, RFC 9110 §9.3.6). */
export function tunnel(
  url: URL,
  proxy: URL,
  { connectMs, signal, secureContext }: TunnelOptions,
): Promise<TLSSocket> {
  const target = `${url.hostname}:${url.port || 443}`;
  const trust = secureContext && { secureContext };
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: bareHost(proxy.hostname),
      port: proxy.port,
      method: "CONNECT",
      path: target,
      headers: { host: target, ...proxyCredentials(proxy) },
      agent: false,
      ...trust,
    });
    const stop = (error: Error) => {
      request.destroy();
      reject(error);
    };
    const onAbort = () => stop(abortError("The download", signal));
    const timer = setTimeout(
      () => stop(codedError("ETIMEDOUT", `the proxy did not connect within ${connectMs} ms`)),
      connectMs,
    );
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    request.once("close", settle);
    request.on("error", reject);
    request.once("response", (answer) => stop(refusal(answer.statusCode)));
    request.once("connect", (answer, socket) => {
      if (answer.statusCode !== 200) return stop(refusal(answer.statusCode));
      const servername = isIP(bareHost(url.hostname)) ? "" : url.hostname;
      const channel = connect({
        socket,
        host: bareHost(url.hostname),
        servername,
        ALPNProtocols: ["http/1.1"],
        ...trust,
      });
      channel.once("secureConnect", () => {
        settle();
        resolve(channel);
      });
      channel.on("error", reject);
    });
    request.end();
  });

  function refusal(status: number | undefined): Error {
    return new TransferFailure(
      "never",
      `The proxy refused the connection with HTTP ${status}`,
      `${proxy.host} to ${target}`,
    );
  }
}

/** An IPv6 host without its brackets. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
