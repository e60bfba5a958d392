/** Which certificate authorities to trust. */
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { readPipSetting } from "./pip-settings.ts";
import { readSmallFile } from "./small-file.ts";

/** Read once: a company's certificates do not change while we run. */
const known = new WeakMap<NodeJS.ProcessEnv, SecureContext | null>();
/** By all certificates' text: connections are kept for each. */
const contexts = new Map<string, SecureContext>();

/** `null`: nothing is configured that Node does not know already. */
export function trustedAuthorities(environment: NodeJS.ProcessEnv): SecureContext | null {
  const found = known.get(environment);
  if (found !== undefined) return found;
  const trusted = readAuthorities(environment);
  known.set(environment, trusted);
  return trusted;
}

/**
 * A company's own certificate authority is usually made known to pip, curl or OpenSSL, while Node only looks at
 * NODE_EXTRA_CA_CERTS. Naming any certificates replaces Node's list, so its own and its extra ones are repeated.
 */
function readAuthorities(environment: NodeJS.ProcessEnv): SecureContext | null {
  const { REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = environment;
  const pip = readPipSetting("cert", environment);
  const files = new Set(
    [pip, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE].filter((file) => file !== undefined),
  );
  files.delete(NODE_EXTRA_CA_CERTS ?? "");
  const bundles = [...files].map(readIfThere).filter((bundle) => bundle !== "");
  if (bundles.length === 0) return null;
  const extra = readIfThere(NODE_EXTRA_CA_CERTS ?? "");
  const own = [...bundles, ...(extra ? [extra] : [])];
  const key = own.join("\n");
  const context = contexts.get(key) ?? createSecureContext({ ca: [...rootCertificates, ...own] });
  contexts.set(key, context);
  return context;
}

/** A bundle that cannot be read is left out: the handshake then fails with its own, clearer message. */
function readIfThere(file: string): string {
  return file ? (readSmallFile(file) ?? "") : "";
}
