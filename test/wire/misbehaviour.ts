/** What a fake server can do wrong on purpose. */

export interface Misbehaviour {
  /** Leaves out the event of this index; negative: from the end. */
  dropEvent?: number;
  /** Closes the connection after so many bytes of the body. */
  cutAfterBytes?: number;
  /** After so many events, an error in the dialect's shape, and the end. */
  errorAfterEvents?: number;
  /** Answers 400 to requests for log-probabilities, with this message. */
  refuseLogprobs?: string;
  /** Answers 400 to requests with this field, as OpenAI does for models that lack it. */
  refusesField?: string;
  /** Answers so many requests with a status first. */
  busy?: { times: number; status?: number; retryAfter?: string };
  /** Milliseconds before each event. */
  slow?: number;
  /** Says nothing more after so many events, and keeps the connection open. */
  stallAfterEvents?: number;
  /** Every number of an echo is one token late (llama-cpp-python does this always). */
  shiftedEcho?: boolean;
  /** `echo` is ignored (llama-server does this always). */
  ignoredEcho?: boolean;
  /** An echo has text but no numbers. */
  emptyEcho?: boolean;
  /** Completions are written after a chat template (Ollama does this always); the echo then has the template's tokens. */
  templateOnCompletions?: boolean;
  /** One record for a character of several tokens (llama-server and Ollama do this always). */
  mergedCharacters?: boolean;
  /** One answer, whatever `n` says. */
  ignoresSamples?: boolean;
  /** Sends every request to this address. */
  redirect?: { to: string; status?: number };
  /** `usage` counts so many tokens more than were written. */
  wrongUsage?: number;
  /** Events end with CRLF. */
  crlf?: boolean;
  /** A comment between events. */
  comments?: boolean;
  /** No event that says that the stream ends. */
  noEnd?: boolean;
  /** Repeats the key that was sent in an error 401. */
  repeatKey?: boolean;
  /** The answer is a web page. */
  webPage?: boolean;
}
