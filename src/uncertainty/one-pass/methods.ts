/** All methods of one pass. */
import { CLAIM_METHODS } from "./claim-conditioned.ts";
import { DEEPCONF_METHODS } from "./deepconf.ts";
import { ENTROPY_METHODS } from "./entropy.ts";
import { LOGPROB_METHODS } from "./logprobs.ts";
import type { OnePassMethod } from "./method.ts";
import { PEERS } from "./peers/index.ts";
import { SHAPE_METHODS } from "./shape.ts";
import { TOP_K_METHODS } from "./top-k.ts";

export const METHODS: readonly OnePassMethod[] = [
  ...LOGPROB_METHODS,
  ...ENTROPY_METHODS,
  ...SHAPE_METHODS,
  ...TOP_K_METHODS,
  ...DEEPCONF_METHODS,
  ...CLAIM_METHODS,
];

export const PEER_METHODS: readonly OnePassMethod[] = PEERS;
