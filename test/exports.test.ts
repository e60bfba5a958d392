/**
 * What the package shows, entry by entry: a new name here is a decision. Every one of them is documented.
 *
 * Read from the declarations that are published: needs `npm run build`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** [values, types] of every entry. */
const NAMES: Readonly<Record<string, readonly [values: string, types: string]>> = {
  ".": [
    `
      DEFAULT_MODEL ERROR_CODES LlamaModel PerplexityMeter RECIPES SurprisalError compareModels decide evaluate
      listModels monitorTokens openCorpora parsePolicy perplexity policy probe proxy readTask resolve resolveEmbedding
      resumeEvaluation runTask scoreText scoreTexts`,
    `
      CompareOptions Comparison ComputeOptions ComputedPerplexity Corpus DecideOptions DecideRequest Decisions Embedding EmbeddingModel ErrorCode EvaluateHandlers
      EvaluateOptions LanguageModel LlamaLoadOptions MeterOptions MeterReading ModelInfo MonitorOptions
      MonitoredTokens OpenAIOptions OpenCorporaOptions Policy PolicyEvent PolicyText ProbeReport
      ProxyModel ProxyOptions Question ReadTaskOptions Recipe RecipeName RecipeOption ResolveEmbeddingOptions ResolveOptions Run
      RunTaskOptions ScoreTextOptions ServerOptions SurprisalErrorOptions Task TaskResult TextScore TokenRecord`,
  ],
  "./core": [
    `
      ERROR_CODES GO_ON PERCENTILES PerplexityMeter RECIPES SurprisalError TOKEN_PARTS addPairedToken addToken
      alternativesAt bitsPerByte bitsPerToken blockBootstrap blockBootstrapMean conditionalEntropy crossEntropy decidePolicy
      defaultBlockLength describePolicy documentBootstrap emptyColumns emptyPairedSums emptySums entropy
      entropyInterval geometricMeanProbability jensenShannonDivergence jensenShannonInterval klDivergence
      klDivergenceInterval meanPerplexity measures mergeSums monitorTokens mutualInformation
      negativeLogLikelihood originalTextSize pairedMeasures parsePolicy percentilesOf perplexity
      perplexityPerUnit perplexityStandardError planFor planWindows policy policyProblems ratioBootstrap resolveRecipe
      sumTokens textSize tokenRecord tokensRun visibility watchPolicy withLengths`,
    `
      Alternative AlternativeColumns AtMost BlockBootstrap BlockBootstrapOptions CachedWindow
      ConfidenceReading DisjointWindow DistributionShape DivergenceInterval DocumentBootstrap EarlyExit EntropyInterval EntropyReading
      ErrorCode Estimate ExitVerdict FullWindow HalfWindow LastToken MarginReading MeasureScope Measures MeterOptions MeterReading
      MeterState MonitorOptions MonitoredTokens PairedMeasures PairedSums PairedToken PartReading Percentiles Policy
      PolicyCircumstances PolicyDecision PolicyEvent PolicyMeasure PolicyMemory PolicyProblem PolicyText PrefixPolicy Recipe RecipeFacts
      RecipeName RecipeOption RecipeOverrides ResolvedMeterOptions ResolvedRecipe Scale ScoreSums Sight
      Spike SpikesReading StridedWindow SurprisalErrorOptions TextSize TokenColumns TokenPart TokenRange TokenRecord
      TokenTable TopTokens WindowMethod WindowOptions WindowPlan WindowReading WindowStep`,
  ],
  "./models": [
    `
      DEFAULT_EMBEDDING_MODEL DEFAULT_MODEL LlamaEncoder LlamaModel cacheFolder checkGguf describeModel inspectGguf listModels loadLlamaLibrary locate
      locateDataset modelInfo planQuantize probe quantizationType quantizationTypes quantize removeModel
      resolve resolveEmbedding selfTest`,
    `
      Border BorderRule CacheType ChatMessage CheckGgufOptions Choice CpuBuild CpuBuildOptions DatasetFile DatasetRequest DialectName EmbedOptions Embedding EmbeddingModel EncoderLoadOptions Finding FinishReason
      GenerateOptions Generation GenerationEnd GgufArray GgufFile GgufTensor GgufValue GgufValueType Kernels
      LanguageModel LlamaDevice LlamaLibrary LlamaLoadOptions LocateOptions LocatedDataset LocatedModel
      Loss ModelCapabilities ModelDescription ModelExecution ModelFile ModelIdentity ModelInfo ModelInfoOptions ModelKind
      ModelSequence ModelTerms
      ModelVocabulary NamedToken NetworkPatience OpenAIOptions PlannedTensor Pooling ProbeReport Prompt PromptRun Provenance
      QuantizeOptions QuantizePlan QuantizeReport ResolveEmbeddingOptions ResolveOptions SampleOptions ScoreOptions ScoreRequest ScoreTokensOptions ScoredSpan ScoredText SelfTest
      ServerOptions SpanDistributions StopMatch TensorFallback TensorTypeShare TextOrIds TokenizeOptions TokenizedText TransferProgress`,
  ],
  "./servers": [
    "DIALECT_NAMES GeminiModel OllamaModel OpenAIModel",
    "AlignmentProof Dialect DialectName GeminiOptions OllamaOptions OpenAIOptions",
  ],
  "./evaluate": [
    `
      ByteSurprisal RULES applyProxyCalibration calibrateProxy capabilitiesOf compareModels compareQuantisations pairedRatio paretoFront
      answerRows compareRunFolders compareRunTasks compareRuns taskForms
      compareSpans compressionBaselines computePerplexity evaluate listRuns openCorpora proxy queryRuns
      queueExecutor readRun readTask resumeEvaluation runRows runTask scoreText scoreTexts summarise
      taskFromRows taskRows work BOUNDARY_RULES PAIR_RULES readItems scorePairs scoreWords summarisePairs wordSpans`,
    `
      AnswerRow BadItem ChatPrompts ItemOptions RunComparison SetRules TaskDifference TaskFormDescription
      Accuracy AccuracyRule BitsPerByte ByteMeasures ChangedSpan ChangedToken ChoiceScore CompareOptions
      CompareProgress ComparedSpan Comparison CompressionBaselines ComputeOptions ComputedPerplexity
      Corpus CorpusDocument CorpusFormat CorpusRule DocumentEntry DomainScore EvaluateHandlers
      EvaluateOptions EvaluateProgress Executor FewShot FewShotSampler ListedRun ModelCapability
      ModelComparison MultipleChoiceSummary OpenCorporaOptions PairedErrorMethod PairedUnits Place ProxyCalibration ProxyEstimate
      ProxyModel ProxyOptions ProxyPair ProxyScore ProxyScoreOptions QueueExecutorOptions ReadTaskOptions
      RuleName Run RunCorpus RunDifference RunFailure RunModel RunRequest RunResult RunRow RunTask
      RunTaskOptions RunTaskResult RunTaskRow ScoreProgress ScoreTextOptions SqlAnswer Standing TargetPerplexity
      TargetSummary Task TaskFormName TaskItem TaskKind TaskProgress TaskResult TaskRow TaskSummary
      CompareQuantisationsOptions DifferenceBlocks FallbackCount MadeQuantisations ModelCosts PairedRatio QuantisationMeasures
      QuantisationProgress Quantisations QuantisedFile
      TextRule TextScore TokenMeasures Unreadable UnreadablePart WorkOptions WorkerEvent
      BoundaryRule ItemRow MinimalPair PairRule PairSummary ReadItemsOptions ScorePairsOptions ScoreWordsOptions ScoredPair
      ScoredWord WordScore WordSpan`,
  ],
  "./calibrate": [
    `
      CALIBRATION_SCHEMA CALIBRATOR_KINDS DriftWatch LogitTemperature answersNeeded applyCalibrator applyProxyCalibration
      auroc averageCalibrationError averagePrecision baseRateLogLoss brierDecomposition brierScore
      calibrateProxy calibratedOptions calibratedScore calibrationMeasures calibrationText checkIdentity
      classWisePairs clopperPearson compareRankings confidenceOf conformalQuantile corpDecomposition crossCalibrated
      cumulativeTests debiasedCalibrationError describeAnswers expectedCalibrationError fewestAnswers fitBeta
      fitCalibration fitHistogram fitIsotonic fitModelTemperature fitPairTemperature fitPlatt
      fitPredictionSets fitProxy fitRiskThreshold fitTemperature fitTemperatureByKind fitTopKTemperature
      groupFolds loadCalibration logLoss makeArtefact measureCalibration measureRanking noiseFloor optionScores
      parseCalibration predictionSet proxy reliability reliabilityOverPerplexity riskCoverage
      riskCoverageCurve riskPValue saveCalibration smoothCalibrationError spiegelhalterTest
      sweptCalibrationError tallyOf temperatureOf temperedProbabilities temperedTopK topLabelPairs
      twoSampleTest wordingSha256`,
    `
      AnswersNeededOptions ArtefactOptions BetaCalibrator BinningOptions CalibrationArtefact CalibrationErrorOptions
      CalibrationIdentity CalibrationMeasureName CalibrationParameters CalibrationReport Calibrator Confidence
      ConformalQuantile CorpDecomposition CumulativeTest DriftReading DriftWatchOptions FitCalibrationOptions
      FitProxyOptions FittedCalibration FittedOn HistogramCalibrator IdentityMismatch IdentityOptions
      IsotonicCalibrator KeptMeasures KindTemperatureCalibrator LabelledAnswers MeasureBootstrapOptions
      MeasureCalibrationOptions MeasureEstimate ModelTemperature ModelTemperatureOptions MurphyDecomposition
      NoiseFloor NoiseFloorOptions OptionAnswers OptionLogprobs OptionScores Pairs PerplexityPairs
      PerplexityReliability PlattCalibrator PlattOptions PredictOptions PredictionSetOptions PredictionSets
      ProxyCalibration ProxyEstimate ProxyLine ProxyModel ProxyOptions ProxyPair ProxyScore ProxyScoreOptions
      RankedMethods RankingComparison RankingDifference RankingMeasureName RankingReport
      Reliability ReliabilityBin RiskCoverage RiskCoveragePoint RiskTest RiskThreshold RiskThresholdOptions
      ScoreRange SetMethod SmoothCalibrationError SpiegelhalterTest Tally TemperatureCalibrator TopK
      TwoSampleTest UncertainAnswers Wording`,
  ],
  "./decide": [
    "DECIDE_RULES DECISION_CALIBRATORS calibrateDecisions decide decideOnServer surprisalDecisionModel",
    `
      CalibrateDecisionsOptions CalibrationChoice ChoiceOption ChoiceQuestion DecideOptions DecideRequest
      DecideRule DecidedOption Decision DecisionAnswer DecisionCalibration DecisionCalibrator DecisionCall DecisionForm DecisionMetadata DecisionServerOptions Decisions LabelledState PredicateQuestion
      ProbabilityInterval PromptOptions Question RuleOptions ScoreLevel ScoreQuestion ServedDecisions SurprisalDecisionModel UsedCalibration`,
  ],
  "./route": [
    `
      accuracyTokensCurve ANSWER_SIGNALS answerSignals askingProbe car carRoute CarRouter cascade cascadeRoute
      CascadeRouter CertainRun confidenceVote deepConf DeepConfExit DeepConfVote deepConfVotes EntropyExit
      evaluateRouter evaluateSplits ExponentialVariance groupConfidences loadRouter majorityVote monitorQuality
      parseRecords parseRouter randomRoutingPValue readRecords recordLine RECORDS_SCHEMA recordTraces replayDeepConf
      reworded REWORDINGS routerText saveRouter sequenceProbe surestTraces thinkThenAnswer tokenConfidence
      traceConfidence trialConfidence TrialExit weightedVote writeRecords evaluateDeepConf fitDeepConf RecordsFile
      recordQuestions chooseExit evaluateExit exitCurve exitOf EXIT_RULES recordThinking replayExit thinkingPlaces
      evaluatePaq paq PaqRouter
      LADDER_SCHEMA fixedLevel ladderFile levelFacts levelName makeLadder parseLadder PaqServer readLadder recordLevels writeLadder`,
    `
      AnswerCounting AnswerSignals AnswerSignalsOptions CarAnswer CarArtefact CarCounts CarDecision CarFitOptions
      CarGoal CarInstructions CarPathOptions CarPromptOptions CarRecordOptions CarRule CarRunOptions CascadeAnswer
      CascadeArtefact CascadeAttempt CascadeDecision CascadeFitOptions CascadeGoal CascadeModel CascadeModelOptions
      CascadePoint CascadeRecordOptions CascadeReply CascadeRunOptions CascadeStepFit CertainRunOptions CurvePoint
      DecisionClasses DeepConfOptions DeepConfResult DeepConfRunOptions DeepConfTrace EarlyExit EntropyExitOptions
      EvaluateRouterOptions EvaluateSplitsOptions ExitVerdict Gaussian Gaussians Interval LaterModel MethodResult
      MonitorQualityOptions MonotonePosterior OperatingPoint Probe QualityAlarm QualityLimit QualityMonitor
      QualityObservation QualityRate QualityReading RateReading RecordedAnswer RecordedTrace RecordsHeader
      RecordTracesOptions EvaluateExitOptions ExitEvaluation ExitPoint ExitResult ExitSettings RecordedThinking
      RecordThinkingOptions ReplayedExit ThinkingPlace ThinkingPlaces ThinkingPlacesOptions Rewording Route RouteOf RouterArtefact RouteRecord RouteRecords RouterEvaluation Signals
      SplitsEvaluation ThinkOptions ThoughtAnswer TokenPrice TraceConfidenceOptions TraceMeasure Trial
      TrialConfidence TrialExitOptions TrialOptions Vote VotedTrace VoteOptions WeighedModel WrittenAnswer CarExample
      DeepConfArtefact DeepConfEvaluation DeepConfFitOptions DeepConfPoint EvaluateDeepConfOptions FailedQuestion
      RecordedQuestion RecordingProgress RecordQuestionsOptions RecordsFileOptions ResolvedDeepConf VoteResult
      ChosenTau CrossFitted DecideAllOptions EvaluatePaqOptions LevelCurve PaqArtefact PaqArtefactLevel PaqCase PaqCosts
      PaqEvaluation PaqFeatures PaqFitOptions PaqGoal PaqHead PaqHeadLevel PaqMethod PaqPoint PaqRoute
      PaqRouterDecision PaqTable PaqTableOptions PaqVector TauPoint
      PaqDecider PaqDecision PaqFallback PaqLadder PaqLevel PaqLevelFacts PaqMachine PaqPerplexity PaqSource
      LadderProgress LadderText LevelsProgress MadeLadder MakeLadderOptions PaqAnswer PaqAsking PaqPrompt PaqRunOptions
      PaqServerOptions RecordedLevels RecordLevelsOptions`,
  ],
  "./compress": [
    "BYTES_MODEL_VERSION MAX_BYTES_CHUNK WORD_CLASSES comparePeers draftOf explainPacked findChunks memorySource modelCoder openPacked pack packBytes packFile readChunks readFooter readHeader readPacked salvage unpack unpackBytes wordClasses yardsticks",
    "BitAccount BitSums BitUse BreakEven ChunkBits ChunkHeader ClassBits CodedToken CodingOptions ExplainOptions Explanation Footer FoundChunk Header LineBits ListedChunk LocatedChunk Method MethodBits ModelCoder ModelCoderOptions PackFileOptions PackOptions PackProgress PackReport PackedFile PackedModel PackedSource PartBits PeerOptions PeerSize SalvageOptions Salvaged TokenBits UnpackOptions UnpackReport WordClass Yardstick",
  ],
  "./refine": [
    `
      chainText comparePrunings danglingReferences DATASET_FORMATS datasetReport DEFAULT_THRESHOLDS demonstrationOf
      describeReference finalExpression MEASURES MERGE_PROMPT
      PRUNE_METHODS pruneSample pruneSteps readDataset readExpression readSample reasoningChain reasoningText
      reconstructionsOf refineDataset refineDemonstrations refinedLine refinePrompt refineSample
      rewriteMerger SAMPLE_LAYOUTS solutionParts sameExpression segment SEGMENTATIONS SPIRIT_RECONSTRUCTIONS STEP_PURPOSES stepGraph stepImportance
      stepPurpose substituteStep`,
    `
      AskOptions BaselineTotal CalibrationQuestion Change ChainParts ChainStep ComparedPruning ComparePruningsOptions CutKind CutThresholds
      DanglingReference DatasetFormat DatasetReport DatasetTotals DemonstrationReport DemonstrationSet Estimate Expression GreedyOptions ImportanceOptions ImportanceReport Item KeepTarget
      MeasureScope Merger MergeRequest PruneCandidate PrunedSample PruneMethod PruneRound PruneSampleOptions
      JsonPath PruneStepsOptions PruningComparison ReadDataset ReadSampleOptions ReasoningChain ReasoningPlace
      ReasoningSample RefineDatasetOptions RefineDemonstrationsOptions RefinedDemonstrations RefinedSample
      RefinedStep RefinePromptOptions RefineReport RefineReportHead RefineRound RefineSampleOptions SampleHead
      SampleLayout SampleReport SampleRow SolutionParts UnrefinedSample
      RewriteOptions ScoreSummary ScoringOptions Segmentation SegmentationName SegmentBy SegmentedStep StepFate
      StepGraph StepGraphOptions StepImportance StepNode StepPruning StepPurpose StepReference StopRules`,
  ],
  "./entropy": [
    `
      ENTROPY_ESTIMATORS TRUST blockEntropies byteSymbols characterSymbols contextWorth convergenceOf countProfile countedEntropy
      crossEntropyOf entropyLab fitPowerLaw informationByDistance lempelZiv nextTokens suffixesOf symbolSequence withoutBlank`,
    `
      BlockEntropy BlockOptions ContextOptions ContextPoint ContextWorth Convergence ConvergenceOptions ConvergencePoint CountProfile
      CountedEntropy CoursePoint CrossEntropyReport DistanceInformation EntropyEstimator EntropyLab EntropyLabOptions
      ExtrapolatedRate FittedLimit LempelZiv LempelZivEstimate LempelZivMethod LempelZivOptions MeanNats ModelOfRun
      ModelRunOptions NextOptions NextToken NextTokens PluginRate PowerLaw RateInterval Suffixes SymbolSequence SymbolUnit
      TextOrTokens`,
  ],
  "./train": [
    `
      ALARM_KINDS JsonLinesReader LogCollector LogSource OverfitDetector PlateauDetector RunMonitor SpikeDetector analyseRun
      binned medianOf movingAverage nameOf noiseOf outlookOf phasesOf readTrainingLog`,
    `
      AlarmKind AnalyseOptions Bins Breakdown CollectorOptions CurveChoice CurveUnit LogFields LossSpike LossUnit MonitorOptions Outlook
      OverfitOptions OverfitState Phase PhaseKind PlateauOptions PowerLaw Ranged RunAnalysis Series TrainingAlarm TrainingRun`,
  ],
  "./answers": [
    `
      CHINESE_EXPRESSIONS CONFIDENCE_PHRASES TIAN_EXPRESSIONS boxedAnswers isRight readAnswer readConfidence readGuesses readLetter
      readNumber readNumbers readYesNo sameNumber textKey`,
    `
      AnswerKind ConfidenceFacts ConfidencePhrase ConfidenceScale Extraction Found Guess IsRightOptions Judged LetterAnswer Missing MissingWhy
      NumberAnswer NumberFacts NumberForm NumberMention NumberOptions NumberStyle PhraseSource Place ReadAnswer ReadAnswerOptions
      ReadConfidenceOptions ReadLetterOptions ReadNumberOptions ReadOptions SameNumberOptions StatedConfidence YesNoAnswer`,
  ],
  "./detect": [
    `
      AGREEMENTS ANOMALY_KINDS changePoints confidentErrors CONSISTENCY_KINDS DEFAULT_KIND_WEIGHTS DEFAULT_WEIGHTS
      detectAnomaly detectConsistency DETECTOR_SCHEMA detectPatterns documentAgreement evaluateFusion examine
      fitFusion fitSeries fuse heldOutSeries loadDetector parseDetector PATTERN_KINDS PATTERN_WEIGHTS
      PROBABILITY_WRONG readSeries RETRIEVAL_FINDINGS retrievalDetector retrievalLift saveDetector seriesDetector
      SIGNALS watchAnswer`,
    `
      AgreementKind AgreementOptions AgreementValues AnomalyOptions AnswerWatch ChangePointOptions ConfidentCase
      ConfidentError ConfidentErrorOptions ConfidentErrorReport ConsistencyOptions DetectionPrice Detector
      DetectorArtefact DetectorFacts DetectorFitOptions DocumentAgreement DocumentOrder DocumentReading Embedder
      ErrorCatcher EvaluateFusionOptions Examination ExaminedAnswer ExaminedBy ExaminedText ExamineOptions
      FailedDetector Finding FindingThresholds FusedAgainst FusedAnswer FusedSpan FusionArtefact FusionEvaluation
      FusionFitOptions LabelledCase LabelledExaminations LabelledSeries LiftOptions LiftPrice LiftRecipe LiftRequest
      LiftSpan PassageChoice PatternKind PatternOptions Place RetrievalDetectorOptions RetrievalLift Segment
      SentenceAgreement SeriesArtefact SeriesDetectorOptions SeriesFitOptions SeriesReader SeriesReading ShareOf
      Signal SignalContribution SourceDocument TokenLift WatchAnswerOptions`,
  ],
  "./uncertainty": [
    `
      askAll countAsked priceAll pTrue P_TRUE_VARIANTS P_TRUE_WORDINGS repeated introspective
      linguistic topGuesses verbalised GUESS_WORDINGS LINGUISTIC_WORDINGS NUMBER_WORDINGS REVIEW_WORDINGS
      ONE_PASS_METHODS PEER_SCORES distributionShape entailmentJudge estimateTokens judgeChoices recordsOf startEstimators tokenEstimator tokenTrace byAnswer
      byEntailment bySimilarity byPeer cocoa answerDisagreement distinctAnswers pairwiseDisagreement selfConsistency
      kernelLanguageEntropy degreeMatrix eccentricity laplacianEigenvalues luq priceOfSampling sampleAnswers
      sentenceSar tokenSar selfCheckEntailment selfCheckNgram selfCheckSentences readSupport selfCheckPrompt
      selfCheckPromptText semanticDensity semanticEntropy sampleProbability sequenceEntropy embeddingSimilarity
      EntailmentTable entailmentSimilarity bleu bleuOf jaccard rouge sameText similarityBy similarityFrom
      majoritySettled shareInterval normalisedText sentencesOf splitAtSpaces words wordsAndMarks estimateSamples
      SampleWatch CONFIDENCE_METHODS METHOD_FAMILIES priceOfMethod selectMethods
      benchMethods contextOverlap lengthMatched wordCount`,
    `
      AskAllOptions AskedCounts AskedEstimate AskedItem AskedQuestion AskingMethod AskOptions NoEstimate Reply
      PTrueExample PTrueOptions PTrueVariant RepeatedEstimate RepeatedMethod RepeatedOptions IntrospectiveOptions LinguisticOptions TopGuessesOptions
      VerbalisedOptions UsedWording Wording GuessWordingName LinguisticWordingName NumberWording NumberWordingName ReviewWordingName
      AnswerSample DistributionShape EntailmentJudge EntailmentJudgeOptions EntailmentPair Entails EntailmentVerdict Estimate EstimateTokensOptions Estimator JudgeEntailment JudgePairs Need
      OnePassMethodInfo OnePassOptions PeerScore Price RunningEstimate RunningEstimates SampleEstimator TokenEstimator TokenUncertainty
      ClusterRule EntailmentRule EntailmentSaid RunningClusters PeerClusters CocoaBase CocoaOptions ClusterOptions PairwiseOptions
      SimilarityOptions ComparingEstimator PrepareOptions TextPair KernelEntropyOptions DegreeOptions
      EccentricityOptions GraphOptions LuqOptions SampledAnswer SampledAnswers SentenceSarOptions
      SelfCheckEntailmentOptions CheckedSentence SelfCheckNgramOptions SelfCheckPromptOptions SemanticDensityOptions
      SemanticEntropyFormula SemanticEntropyOptions SemanticEntropyPeer SequenceEntropyOptions Embed
      EmbeddingSimilarityOptions EntailmentProbabilities EntailmentSimilarityOptions EntailmentTableOptions
      BleuOptions JaccardOptions RougeKind RougeOptions TextSimilarity MajorityOptions MajorityReading ShareInterval
      ConfidenceMethod MethodFamily MethodPrice SampleMethod SampleTools
      BenchAnswers BenchOptions Benched BenchedMethod HeldOutCalibrator LabelledLength`,
  ],
  "./report": [
    "ANSWER_FORMATS COMPARISON_FORMATS EXPORT_FORMATS calibrationPage comparisonPage exportComparison quantisationsPage compressionPage confidencePage detectionPage differencesPage entropyPage entropyPicture exportAnswers exportRuns refinePage refinePicture renderPage scorePage trainPage trainPicture WORD_COLUMNS WORD_FORMATS wordFile wordTable",
    "AnswerFormat ComparisonFormat AnswerToken CalibrationView CompressionView ConfidenceAnswer ConfidenceView DetectedAnswer DetectionView EntropyView MethodEstimate MethodRanking ExportFormat ExportOptions PageSection ScoreView TrainView ScoredItem WordCell WordFormat WordTable",
  ],
  "./charts": [
    `
      FIGURE_STYLE accuracyByPerplexity accuracyTokensChart noiseFloorChart reliabilityDiagram rankingChart riskCoverageChart calibrationByRank capabilityMap convergence coursesChart divergencePercentiles drawChart
      perplexityIntervals renderFigure renderSvg renderTable surprisalAlong surprisalDistribution
      perplexityTimeChart pruningCurve sharesChart sizeQuality tokensSavedChart topChoiceReliability trainingCurves`,
    `
      PerplexityTimeInput AccuracyTokensInput NoiseFloorRow RankedRow ReliabilityChartBin ReliabilityDiagramInput RiskCoverageInput
      CalibrationColumns CalibrationInput CapabilityCell CapabilityMapOptions Chart ChartDocument
      ChartElement ChartTable ConvergenceSeries DivergenceOptions FigureOptions ModelDivergence
      PerplexityIntervalsOptions PerplexityResult SurprisalAlongInput SurprisalOfModel SvgOptions Theme
      PruningCurveInput PruningPoint TokensSaved Course CoursesInput SharesInput SharesPanel SizedModel SizeQualityOptions TrainingCurve`,
  ],
  "./openai": ["meter", "MeterAnswerOptions Metered MeteredAnswer MeteredEnd"],
  "./ai-sdk": [
    "surprisalMiddleware surprisalModel",
    `
      AskedCall LogprobEntry SurprisalLanguageModel SurprisalMiddleware SurprisalMiddlewareOptions
      SurprisalModelOptions SurprisalSummary`,
  ],
  "./problems": [
    "DIFFICULTIES MIXED_KINDS MIXED_WORDING MODES SPLITS TASKS completion documents isCorrect mixedArithmetic parseOutput problems prompt splitOf",
    "Difficulty DocumentOptions MixedKind MixedOptions MixedProblem Mode ParsedOutput Problem ProblemOptions Split Step Task",
  ],
  "./test": [
    "MarkovChain TableModel conformanceCases testConformance",
    `
      ConformanceCase ConformanceContext ConformanceOptions ConformanceSettings ConformanceSkip Prediction
      TableModelOptions`,
  ],
};

const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  exports: Record<string, string | { types: string; node?: string }>;
};
const entries = Object.entries(exports).flatMap(([entry, paths]) =>
  typeof paths === "string" ? [] : [[entry, paths] as const],
);
/** The declarations of an entry; of one with another door in Node, also that door's. */
const declarations = entries.flatMap(([entry, { types, node }]) =>
  [types, ...(node ? [node.replace(/js$/, "d.ts")] : [])].map((path) => [entry, path] as const),
);

const program = ts.createProgram(
  declarations.map(([, path]) => root + path),
  {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    types: ["node"],
  },
);
const checker = program.getTypeChecker();

interface Export {
  name: string;
  isValue: boolean;
  isDocumented: boolean;
}

function exportsOf(path: string): Export[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(root + path)!)!;
  return checker.getExportsOfModule(module).map((symbol) => {
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
    return {
      name: symbol.name,
      isValue: (target.flags & ts.SymbolFlags.Value) !== 0,
      isDocumented: isDocumented(target),
    };
  });
}

/** Of a namespace, such as `policy`: each of its functions. */
function isDocumented(symbol: ts.Symbol): boolean {
  if ((symbol.flags & ts.SymbolFlags.ValueModule) === 0)
    return symbol.getDocumentationComment(checker).length > 0;
  return checker.getExportsOfModule(symbol).every(isDocumented);
}

const words = (names: readonly string[]) => names.toSorted().join(" ");

describe("the public surface", () => {
  it("has an entry for each list, and a list for each entry", () => {
    expect(entries.map(([entry]) => entry)).toEqual(Object.keys(NAMES));
  });

  it.each(declarations)("of %s (%s) has the names that were decided on", (entry, path) => {
    const found = exportsOf(path);
    const names = (isValue: boolean) =>
      words(found.filter((each) => each.isValue === isValue).map(({ name }) => name));
    const [values, types] = NAMES[entry]!.map((list) => words(list.trim().split(/\s+/)));
    expect(names(true)).toBe(values);
    expect(names(false)).toBe(types);
  });

  it.each(declarations)("of %s (%s) is documented, name by name", (_, path) => {
    const found = exportsOf(path).filter(({ isDocumented }) => !isDocumented);
    expect(found.map(({ name }) => name)).toEqual([]);
  });

  it("is small at the root", () => {
    expect(exportsOf("dist/index.d.ts").filter(({ isValue }) => isValue).length).toBeLessThanOrEqual(25);
  });
});
