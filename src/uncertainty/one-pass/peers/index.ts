/** Numbers of other libraries, as their own code computes them. */
import type { OnePassMethod } from "../method.ts";
import { DEEPCONF } from "./deepconf.ts";
import { LM_POLYGRAPH } from "./lm-polygraph.ts";
import { TRUTHTORCHLM } from "./truthtorchlm.ts";
import { UQLM } from "./uqlm.ts";

export const PEERS: readonly OnePassMethod[] = [...LM_POLYGRAPH, ...UQLM, ...DEEPCONF, ...TRUTHTORCHLM];
