/** `surprisal/test`: what tests of models, and tests that need a model, are made with. */
export * from "./conformance.ts";
export { MarkovChain, type Prediction } from "./markov-chain.ts";
export { TableModel, type TableModelOptions } from "./table-model.ts";
