/** A model behind a server that speaks OpenAI's API, in one of its dialects. */
import type { TokenRecord, WindowPlan } from "../../core/index.ts";
import { checkAlternatives } from "../checks.ts";
import { isChat, promptIds } from "../generation.ts";
import type {
  GenerateOptions,
  GenerationEnd,
  Loss,
  ModelIdentity,
  ModelVocabulary,
  Prompt,
  SampleOptions,
  ScoredSpan,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
  ScoreTokensOptions,
  TextOrIds,
  TokenizedText,
  TokenizeOptions,
} from "../language-model.ts";
import { lossOf } from "../loss.ts";
import { ServerModel, type SharedWriting } from "../server-model.ts";
import type { AlignmentProof } from "./alignment-proof.ts";
import { Asking } from "./asking.ts";
import type { Dialect } from "./dialects.ts";
import { type Endpoint, type OpenAIOptions, openEndpoint } from "./endpoint.ts";
import { PromptScoring } from "./scoring.ts";
import { SharedAnswers } from "./shared-answers.ts";
import type { RemoteVocabulary } from "./vocabulary.ts";
import { writeShared, writeTokens } from "./writing.ts";

const NO_VOCABULARY: ModelVocabulary = { size: null, bos: null, eos: null, addsBos: false };

/** A model behind a server that speaks OpenAI's API, in that server's dialect. */
export class OpenAIModel extends ServerModel {
  readonly identity: ModelIdentity;
  readonly vocabulary: ModelVocabulary;
  readonly trainedContext: number | null;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly dialect: Dialect;
  /** Whether the numbers of a prompt are right, and what was seen; `null` when the server gives none at all. */
  readonly proof: AlignmentProof | null;
  protected readonly source: string;
  readonly #asking: Asking;
  readonly #tokenizer: RemoteVocabulary | null;
  readonly #scoring: PromptScoring | null;

  private constructor(endpoint: Endpoint) {
    const { client, dialect, identity, tokenizer, numbers, proof, context: trainedContext } = endpoint;
    const vocabulary = tokenizer ?? { ...NO_VOCABULARY, size: endpoint.vocabularySize };
    const scores = numbers !== null && proof?.verdict === "proven";
    super({
      score: scores,
      alternatives: Math.min(dialect.mostAlternatives, vocabulary.size ?? Number.POSITIVE_INFINITY),
      tokenize: tokenizer !== null,
    });
    this.dialect = dialect;
    this.source = dialect.title;
    this.identity = identity;
    this.proof = proof;
    this.vocabulary = vocabulary;
    this.trainedContext = trainedContext;
    this.settings = { server: client.name, dialect: dialect.name };
    this.#tokenizer = tokenizer;
    this.#asking = new Asking({ ...endpoint, model: identity.name });
    const encode = tokenizer?.encode ?? null;
    this.#scoring = scores
      ? new PromptScoring({ numbers, tokenizer: encode, identity, vocabulary, trainedContext })
      : null;
  }

  /**
   * Finds out which server it is and what it really gives.
   * @param address `http://host:port/v1#model`; the model may be left out where there is only one.
   * @throws SurprisalError SERVER_UNREACHABLE, UNAUTHORIZED, UNKNOWN_MODEL, INVALID_ARGUMENT, ...
   */
  static async open(address: string | URL, options: OpenAIOptions = {}): Promise<OpenAIModel> {
    return new OpenAIModel(await openEndpoint(address, options));
  }

  override async tokenize(text: string, options?: TokenizeOptions): Promise<TokenizedText> {
    this.assertOpen();
    return this.#tokenizer ? this.#tokenizer.tokenize(text, options) : super.tokenize(text);
  }

  override async detokenize(ids: ArrayLike<number>): Promise<Uint8Array> {
    this.assertOpen();
    return this.#tokenizer ? this.#tokenizer.detokenize(Array.from(ids)) : super.detokenize(ids);
  }

  override async *score(
    requests: Iterable<ScoreRequest>,
    options: ScoreOptions = {},
  ): AsyncGenerator<ScoredText> {
    this.assertOpen();
    checkAlternatives(this, options.alternatives);
    const scorer = this.#scorer();
    yield* this.stoppable(options, (stopped) => scorer.score(requests, stopped));
  }

  override async *scoreTokens(
    ids: ArrayLike<number>,
    plan: WindowPlan,
    options: ScoreTokensOptions = {},
  ): AsyncGenerator<ScoredSpan> {
    this.assertOpen();
    if (options.distributions) this.refuse("gives no whole distributions");
    checkAlternatives(this, options.alternatives);
    const scorer = this.#scorer();
    yield* this.stoppable(options, (stopped) => scorer.scoreTokens(Array.from(ids), plan, stopped));
  }

  override async loss(text: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Loss> {
    this.assertOpen();
    this.#scorer();
    return lossOf(this, text, options);
  }

  protected override async *write(
    given: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    const { prompt, rest } = await this.#request(given, options);
    return yield* writeTokens(this.#asking, this, prompt, rest);
  }

  protected override share(given: Prompt, { n, ...options }: SampleOptions): SharedWriting | null {
    if (!this.#asking.takesSamples(given)) return null;
    const ask = async (signal: AbortSignal) => {
      const { prompt, rest } = await this.#request(given, { ...options, signal });
      return this.#asking.ask(prompt, rest, n);
    };
    const answers = new SharedAnswers(n, options.maxTokens ?? 256, ask);
    return {
      write: (...each) => this.#writeShared(answers, ...each),
      leave: (index) => answers.leave(index),
    };
  }

  async *#writeShared(
    answers: SharedAnswers,
    index: number,
    given: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    const { prompt, rest } = await this.#request(given, options);
    return yield* writeShared(answers, index, this.#asking, this, prompt, rest);
  }

  /** The prompt as the server takes it. */
  async #request(
    given: Prompt,
    options: GenerateOptions,
  ): Promise<{ prompt: Prompt; rest: GenerateOptions }> {
    const prompt = isChat(given) ? given : await this.#withPrefill(given as TextOrIds, options);
    const rest = isChat(given) ? options : { ...options, prefill: "" };
    return { prompt: await this.#fitting(prompt, rest), rest };
  }

  protected override get takesSeed(): boolean {
    return this.#asking.takesSeed;
  }

  protected override get place(): string {
    return this.identity.source;
  }

  /** Ids are continued by ids, which the server's tokenizer gives. */
  async #withPrefill(prompt: TextOrIds, options: GenerateOptions): Promise<TextOrIds> {
    const { prefill = "" } = options;
    if (typeof prompt === "string") return prompt + prefill;
    return promptIds(prompt, options, (...given) => this.tokenize(...given));
  }

  /** A text whose special tokens are only text has to be sent as ids; ids as a text where the server takes no ids. */
  async #fitting(prompt: Prompt, { parseSpecial = true, signal }: GenerateOptions): Promise<Prompt> {
    const tokenizer = this.#tokenizer;
    if (isChat(prompt)) return prompt;
    if (typeof prompt !== "string") {
      const ids = Array.from(prompt as ArrayLike<number>);
      return tokenizer && !this.dialect.takesIds ? tokenizer.textOf(ids, { signal }) : ids;
    }
    if (parseSpecial) return prompt;
    if (!tokenizer || !this.dialect.takesIds) return this.refuse("reads special tokens in a prompt, always");
    return (await tokenizer.encode(prompt, { addSpecial: true, parseSpecial, signal })).ids;
  }

  #scorer(): PromptScoring {
    if (this.#scoring) return this.#scoring;
    return this.refuse(
      this.proof ? `cannot score a text: ${this.proof.seen}` : "gives no log-probabilities of a prompt",
    );
  }
}
