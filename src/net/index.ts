/** HTTP for downloads and for servers: proxies, certificates, patience, redirects, connections that are used again. */
export type { Patience } from "./exchange.ts";
export { type Mishap, NetworkFailure, redact } from "./failure.ts";
export { readPipSetting } from "./pip-settings.ts";
export { basicCredentials, isLoopback } from "./proxy.ts";
export { type HttpAnswer, readWhole, redirectTarget, request } from "./request.ts";
export { backoff, repeat } from "./retry.ts";
