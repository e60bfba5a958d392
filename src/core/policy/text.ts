/**
 * Policies as text, for a command line or a configuration file.
 *
 *     policy     = all { "or" all }
 *     all        = part { "and" part }
 *     part       = "not" part | held [ "until" held ]
 *     held       = condition { "after" TOKENS | "for" TOKENS }
 *     condition  = MEASURE [ scope ] RELATION NUMBER | "repetition" [ scope ] | "(" policy ")"
 *     scope      = "(" named { "," named } ")"
 *     named      = LENGTH | "partial" | "answer" | "reasoning" | "tool-call"
 *     MEASURE    = "perplexity" | "window" | "average" | "confidence" | "entropy" | "spike" | "tokens" | "bits"
 *     RELATION   = ">" | ">=" | "<" | "<="
 *
 * "after" is `after`, "for" is `lasting`, "until" is `hysteresis`, "or" is `any`, "and" is `all`. TOKENS is an integer, and
 * the word "tokens" may follow it; LENGTH is a number of tokens. Case and white space do not matter. The reference, with
 * units, is docs/policies.md.
 *
 *     window(16)>80 after 20
 *     perplexity > 100 or repetition
 *     window(32, partial) > 80 after 8
 *     perplexity(answer) > 100 or tokens(reasoning) >= 2000
 *     (window > 80 until window < 40) for 5
 */
import { invalidArgument, SurprisalError } from "../errors.ts";
import { TOKEN_PARTS, type TokenPart } from "../token.ts";
import { checkPolicy } from "./check.ts";
import { MEASURES, type MeasureScope, type PolicyMeasure } from "./measures.ts";
import {
  after,
  all,
  any,
  compare,
  hysteresis,
  lasting,
  not,
  type Policy,
  type Relation,
  repetition,
} from "./policy.ts";

/** A policy as text; the first few are what an editor proposes. See `parsePolicy` for what can be written. */
export type PolicyText =
  | "perplexity>100"
  | "perplexity(answer)>100"
  | "window(16)>80 after 20"
  | "window(32, partial)>80 after 8"
  | "average>80"
  | "confidence<8"
  | "entropy>3"
  | "spike>6"
  | "tokens>=500"
  | "tokens(reasoning)>=2000"
  | "bits>=1000"
  | "repetition"
  | (string & {});

const WAY_OUT = 'A policy is written such as "window(16)>80 after 20" or "perplexity>100 or repetition".';

/**
 * Reads a policy from its text form: conditions such as `window(16)>80` (MEASURE RELATION NUMBER) and `repetition`, with
 * `and`, `or`, `not`, `until`, `after N` and `for N` (tokens), and parentheses. Perplexity, window and average are
 * perplexities; confidence and entropy are in nats; spike is a z-score. docs/policies.md is the reference.
 * @throws SurprisalError INVALID_ARGUMENT naming the place.
 */
export function parsePolicy(text: PolicyText): Policy {
  if (typeof text !== "string") throw invalidArgument(`${String(text)} is no text`, "policy", WAY_OUT);
  const parser = new Parser(text);
  const policy = parser.any();
  parser.end();
  return policy;
}

/** The text form of a policy. `parsePolicy` gives back an equal one. @throws SurprisalError INVALID_ARGUMENT for none. */
export function describePolicy(policy: Policy): string {
  return writePolicy(checkPolicy(policy));
}

/** The same of one that is known to be a policy. */
export function writePolicy(policy: Policy): string {
  return write(policy, LEVEL.any);
}

/** How tightly a form binds. */
const LEVEL = { any: 0, all: 1, not: 2, hysteresis: 2, after: 3, lasting: 3, compare: 4, repetition: 4 };

/** @param least level that may stand here without parentheses. */
function write(policy: Policy, least: number): string {
  const text = form(policy);
  return LEVEL[policy.kind] < least ? `(${text})` : text;
}

function form(policy: Policy): string {
  switch (policy.kind) {
    case "compare":
      return `${policy.measure}${scopeOf(policy)}${policy.relation}${policy.bound}`;
    case "repetition":
      return `repetition${scopeOf({ length: policy.tokens, part: policy.part })}`;
    case "any":
      return policy.policies.map((part) => write(part, LEVEL.all)).join(" or ");
    case "all":
      return policy.policies.map((part) => write(part, LEVEL.not)).join(" and ");
    case "not":
      return `not ${write(policy.policy, LEVEL.not)}`;
    case "hysteresis":
      return `${write(policy.enter, LEVEL.after)} until ${write(policy.leave, LEVEL.after)}`;
    case "after":
      return `${write(policy.policy, LEVEL.after)} after ${policy.tokens}`;
    case "lasting":
      return `${write(policy.policy, LEVEL.lasting)} for ${policy.tokens}`;
  }
}

/** "(16, partial, answer)", or nothing. */
function scopeOf({ length, partial, part }: MeasureScope): string {
  const named = [length, partial && "partial", part].filter((each) => each !== undefined);
  return named.length === 0 ? "" : `(${named.join(", ")})`;
}

interface Word {
  text: string;
  /** Character it begins at, from 0. */
  start: number;
}

const WORD = /\s*([a-z]+(?:-[a-z]+)*|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[<>]=?|[()]|\S)/giuy;

/** More would be a mistake, and could nest deeper than the stack. */
const MOST_WORDS = 500;

class Parser {
  readonly #words: Word[];
  readonly #length: number;
  #next = 0;

  constructor(text: string) {
    this.#words = [...text.matchAll(WORD)].map((match) => ({
      text: match[1]!.toLowerCase(),
      start: match.index + match[0].length - match[1]!.length,
    }));
    this.#length = text.length;
    if (this.#words.length > MOST_WORDS)
      throw invalidArgument(
        `A policy of ${this.#words.length} words`,
        "policy",
        `Give one of at most ${MOST_WORDS} words.`,
      );
  }

  any(): Policy {
    const parts = [this.#all()];
    while (this.#take("or")) parts.push(this.#all());
    return any(...parts);
  }

  end(): void {
    if (this.#word) throw this.#expected('"and", "or", "after", "for", "until" or the end');
  }

  #all(): Policy {
    const parts = [this.#part()];
    while (this.#take("and")) parts.push(this.#part());
    return all(...parts);
  }

  #part(): Policy {
    if (this.#take("not")) return not(this.#part());
    const enter = this.#held();
    return this.#take("until") ? hysteresis(enter, this.#held()) : enter;
  }

  #held(): Policy {
    let policy = this.#condition();
    for (;;) {
      if (this.#take("after")) policy = this.#withTokens(after, policy);
      else if (this.#take("for")) policy = this.#withTokens(lasting, policy);
      else return policy;
    }
  }

  #withTokens(combine: (tokens: number, policy: Policy) => Policy, policy: Policy): Policy {
    const combined = this.#placed(() => combine(this.#number("a number of tokens"), policy));
    this.#take("tokens");
    return combined;
  }

  #condition(): Policy {
    if (this.#take("(")) {
      const policy = this.any();
      this.#require(")");
      return policy;
    }
    if (this.#take("repetition")) {
      const start = this.#next;
      const { length, partial, part } = this.#scope("a number of tokens");
      return this.#placedAt(partial ? start : start + 1, () => {
        if (partial) throw invalidArgument("repetition cannot be partial", "partial", WAY_OUT);
        return repetition(length, { part });
      });
    }
    const measure = this.#word?.text ?? "";
    if (!Object.hasOwn(MEASURES, measure))
      throw this.#expected(`${Object.keys(MEASURES).join(", ")}, repetition, not or "("`);
    this.#next++;
    const start = this.#next;
    const scope = this.#scope("a number of tokens, partial, answer, reasoning or tool-call");
    if (start !== this.#next)
      this.#placedAt(start + 1, () => compare(measure as PolicyMeasure, ">", 1, scope)); // its scope is checked
    const relation = this.#word?.text ?? "";
    if (!/^[<>]=?$/.test(relation)) throw this.#expected(">, >=, < or <=");
    this.#next++;
    return this.#placed(() =>
      compare(measure as PolicyMeasure, relation as Relation, this.#number("a number of at least 0"), scope),
    );
  }

  /** What stands in parentheses after a measure; nothing where there are none. @param what may stand first. */
  #scope(what: string): MeasureScope {
    const scope: { length?: number; partial?: true; part?: TokenPart } = {};
    if (!this.#take("(")) return scope;
    do {
      const part = TOKEN_PARTS.find((name) => name === this.#word?.text);
      if (part !== undefined && scope.part === undefined) {
        scope.part = part;
        this.#next++;
      } else if (scope.partial === undefined && this.#take("partial")) scope.partial = true;
      else if (part !== undefined || this.#word?.text === "partial")
        throw this.#expected('a number of tokens or ")", as partial and a part stand once each');
      else if (scope.length === undefined) scope.length = this.#number(what);
      else throw this.#expected('another name, or ")"');
    } while (this.#take(","));
    this.#require(")");
    return scope;
  }

  get #word(): Word | undefined {
    return this.#words[this.#next];
  }

  #take(text: string): boolean {
    if (this.#word?.text !== text) return false;
    this.#next++;
    return true;
  }

  #require(text: string): void {
    if (!this.#take(text)) throw this.#expected(`"${text}"`);
  }

  #number(what: string): number {
    const text = this.#word?.text ?? "";
    if (!/^[.\d]/.test(text) || text === ".") throw this.#expected(what);
    this.#next++;
    return Number(text);
  }

  /** Says where a number stands that a constructor refuses. */
  #placed(make: () => Policy): Policy {
    return this.#placedAt(this.#next, make);
  }

  /** @param word index of the word. */
  #placedAt(word: number, make: () => Policy): Policy {
    const place = this.#placeOf(word);
    try {
      return make();
    } catch (error) {
      throw SurprisalError.isInstance(error) && !error.where?.startsWith("character")
        ? error.at(place)
        : error;
    }
  }

  #placeOf(word: number): string {
    return `character ${(this.#words[word]?.start ?? this.#length) + 1} of the policy`;
  }

  #expected(what: string): SurprisalError {
    const found = this.#word ? `"${this.#word.text}"` : "the end";
    return invalidArgument(`Expected ${what}, found ${found}`, this.#placeOf(this.#next), WAY_OUT);
  }
}
