/**
 * Proxies, as curl and pip read them: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, in either case. Read here because
 * undici's EnvHttpProxyAgent sends https through HTTP_PROXY, knows no ALL_PROXY, and takes `*` only where it stands alone.
 */
import { NetworkFailure } from "./failure.ts";

/** The proxy an address is reached through, or `null`. @throws NetworkFailure for one that is no HTTP proxy */
export function proxyFor(url: URL, environment: NodeJS.ProcessEnv): URL | null {
  const variable = (name: string) => environment[name.toLowerCase()] || environment[name];
  const address = variable(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") || variable("ALL_PROXY");
  if (!address || isExempt(url, variable("NO_PROXY") ?? "")) return null;
  const withScheme = address.includes("://") ? address : `http://${address}`;
  if (URL.canParse(withScheme) && /^https?:/i.test(withScheme)) return new URL(withScheme);
  const socks = /^socks/i.test(address) ? ", and a SOCKS proxy cannot be used" : "";
  throw new NetworkFailure(
    "proxy",
    `The proxy's address (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) is not an http:// or https:// address${socks}`,
    url,
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

/** The header with a proxy's own credentials, or `null`. */
export function proxyCredentials({ username, password }: URL): string | null {
  return username || password ? basicCredentials(username, password) : null;
}

/** Basic authentication (RFC 7617) with the user information of an address, which is percent-encoded there. */
export function basicCredentials(username: string, password: string): string {
  const credentials = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

/** As it is where a percent sign begins nothing. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** This machine itself. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
