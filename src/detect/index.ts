/** Hallucination: what in an answer is suspected, why, and how surely. finding.ts is the contract. */

export * from "./finding.ts";
export * from "./retrieval/index.ts";
