/** The text of calls of tools, as chats carry it: name and arguments, which come in pieces in a stream. */
/** Joins the calls of one answer: "get_weather {...}", each on a line of its own. */
export class CallText {
  #begun = false;

  /**
   * @param calls `tool_calls` of a message or a delta.
   * @param old `function_call`, the form before.
   * @returns what they add to the text.
   */
  add(calls: readonly unknown[] | null | undefined, old: unknown): string {
    const parts = [...(calls ?? []).map(functionOf), old];
    return parts.map((part) => this.#one(part)).join("");
  }

  #one(part: unknown): string {
    if (typeof part !== "object" || part === null) return "";
    const { name, arguments: given } = part as { name?: unknown; arguments?: unknown };
    const named = typeof name === "string" && name !== "";
    const text = typeof given === "string" ? given : given === undefined ? "" : JSON.stringify(given ?? "");
    const before = named ? `${this.#begun ? "\n" : ""}${name} ` : "";
    if (before + text !== "") this.#begun = true;
    return before + text;
  }
}

function functionOf(call: unknown): unknown {
  return typeof call === "object" && call !== null ? (call as { function?: unknown }).function : null;
}
