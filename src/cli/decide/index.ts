export { readLabelled, readQuestions, readState, readStates } from "./given.ts";
export { decideStates } from "./states.ts";
