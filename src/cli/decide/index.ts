export { type Decider, modelDecider, serverDecider } from "./decider.ts";
export { atLine, readLabelled, readQuestions, readState, readStates } from "./given.ts";
export { decideStates } from "./states.ts";
