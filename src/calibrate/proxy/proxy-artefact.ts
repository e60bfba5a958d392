/** A proxy's line as an artefact. */
import {
  type CalibrationArtefact,
  type CalibrationIdentity,
  makeArtefact,
  rowsSha256,
} from "../artefact/index.ts";
import { calibrateProxy, type ProxyLine, type ProxyPair } from "./proxy-calibration.ts";

/** Options of `fitProxy`. */
export interface FitProxyOptions {
  /** Coverage of the prediction intervals, strictly between 0 and 1. Default 0.95. */
  level?: number | undefined;
  /** The model that is stood for. Default: not named. */
  standsFor?: string | null | undefined;
  /** Of the proxy: its weights, its recipe, its kernels. Default: not known. */
  identity?: Partial<CalibrationIdentity> | undefined;
}

/**
 * Fits a proxy's line and makes an artefact of it: what `surprisal proxy calibrate` writes.
 * @throws SurprisalError INVALID_ARGUMENT as `calibrateProxy`.
 */
export function fitProxy(
  pairs: readonly ProxyPair[],
  { level, standsFor = null, identity }: FitProxyOptions = {},
): CalibrationArtefact<ProxyLine> {
  const line = calibrateProxy(pairs, { level });
  const fittedOn = {
    n: pairs.length,
    right: null,
    wrong: null,
    missing: 0,
    groups: null,
    kinds: null,
    sha256: rowsSha256(pairs.map(({ proxy, actual, bytes = null }) => [proxy, actual, bytes])),
  };
  const reference = Float64Array.from(pairs, ({ proxy }) => proxy).sort();
  return makeArtefact({ kind: "proxy-line", standsFor, ...line }, fittedOn, { identity, reference });
}
