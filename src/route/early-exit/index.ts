/** Ending what a model writes before it ends itself: DeepConf, EAT, DEER, runs of near-certain tokens. */
export { CertainRun, type CertainRunOptions } from "./certain-run.ts";
export {
  groupConfidences,
  type TraceConfidenceOptions,
  type TraceMeasure,
  tokenConfidence,
  traceConfidence,
} from "./confidence.ts";
export {
  DeepConfExit,
  type DeepConfOptions,
  type DeepConfResult,
  type DeepConfTrace,
  DeepConfVote,
  type ResolvedDeepConf,
  replayDeepConf,
} from "./deepconf.ts";
export {
  type DeepConfArtefact,
  type DeepConfFitOptions,
  type DeepConfPoint,
  fitDeepConf,
} from "./deepconf-fit.ts";
export { type DeepConfRunOptions, deepConf, type RecordTracesOptions, recordTraces } from "./deepconf-run.ts";
export { EntropyExit, type EntropyExitOptions, ExponentialVariance } from "./entropy-exit.ts";
export {
  asksModel,
  checkExit,
  EXIT_RULES,
  type ExitSettings,
  exitOf,
  type ReplayedExit,
  replayExit,
} from "./exit-rules.ts";
export {
  answerBehind,
  countedProbe,
  probeOf,
  type ThinkingPlacesOptions,
  thinkingPlaces,
} from "./places.ts";
export { askingProbe, type Probe, sequenceProbe, type Trial, type TrialOptions } from "./probe.ts";
export { type RecordThinkingOptions, recordThinking } from "./record-thinking.ts";
export { isVotedRight, type ReplayedQuestion, replayQuestions } from "./replayed.ts";
export { type ThinkOptions, type ThoughtAnswer, thinkThenAnswer } from "./think.ts";
export { type TrialConfidence, TrialExit, type TrialExitOptions, trialConfidence } from "./trial-exit.ts";
export {
  confidenceVote,
  deepConfVotes,
  majorityVote,
  surestTraces,
  type Vote,
  type VotedTrace,
  type VoteOptions,
  weightedVote,
} from "./vote.ts";
