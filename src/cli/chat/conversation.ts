/** What has been said so far, as the model is given it. */
import type { ChatMessage, ModelCapabilities, Prompt } from "../../models/index.ts";

/** With a model that has a chat template it is a chat; with a base model one text that both go on writing. */
export class Conversation {
  readonly #chat: boolean;
  #turns: { question: string; answer: string }[] = [];
  /** What the model is told before anything else; "" = nothing. */
  system: string;

  constructor({ chat }: Pick<ModelCapabilities, "chat">, system = "") {
    this.#chat = chat;
    this.system = system;
  }

  /** What the model is to answer next. */
  prompt(question: string): Prompt {
    return this.#chat ? this.#messages(question) : this.#text(question);
  }

  /** Keeps a question and what was written in answer to it. */
  keep(question: string, answer: string): void {
    this.#turns.push({ question, answer });
  }

  /** Forgets what was said; what stands in `system` stays. */
  reset(): void {
    this.#turns = [];
  }

  #messages(question: string): ChatMessage[] {
    const said = this.#turns.flatMap(({ question, answer }) => [
      { role: "user", content: question },
      { role: "assistant", content: answer },
    ]);
    const system = this.system ? [{ role: "system", content: this.system }] : [];
    return [...system, ...said, { role: "user", content: question }];
  }

  #text(question: string): string {
    const said = this.#turns.map(({ question, answer }) => question + answer);
    return [...(this.system ? [this.system] : []), ...said, question].join("\n\n");
  }
}
