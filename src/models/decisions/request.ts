/**
 * What is sent in the two wire forms of decision servers: OpenAI's `POST /v1/decisions` (openai-node 91e2cfd,
 * src/resources/decisions.ts) and TypeSafe's `POST /v1/systemone`.
 */

/** How a server is asked. */
export type DecisionForm = "decisions" | "systemone";

/** A question as it is sent. */
export interface WireQuestion {
  name: string;
  type: "predicate" | "choice" | "score";
  instructions: string;
  /** Of a predicate true and false; of a score the levels. */
  options: readonly { value: string | boolean; description: string | null }[];
}

/** What is sent. */
export function wireRequest(
  form: DecisionForm,
  model: string,
  state: string,
  questions: readonly WireQuestion[],
): object {
  return form === "decisions"
    ? { model, input: state, questions: questions.map(ofDecisions) }
    : {
        model,
        state,
        questions: Object.fromEntries(questions.map((each) => [each.name, ofSystemOne(each)])),
      };
}

function ofDecisions({ name, type, instructions, options }: WireQuestion): object {
  const described = (description: string | null) => (description === null ? {} : { description });
  switch (type) {
    case "predicate":
      return { type, name, instructions };
    case "choice": {
      const choices = options.map(({ value, description }) => ({ value, ...described(description) }));
      return { type, name, instructions, choices };
    }
    case "score": {
      const levels = options.map(({ value, description }) => ({
        label: String(value),
        ...described(description),
      }));
      return { type, name, instructions, levels };
    }
  }
}

function ofSystemOne({ type, instructions, options }: WireQuestion): object {
  if (type === "predicate") return { type: "noul", instructions };
  const criteria =
    type === "score"
      ? options.map(({ value, description }) =>
          description === null ? String(value) : `${value}: ${description}`,
        )
      : Object.fromEntries(options.map(({ value, description }) => [String(value), description]));
  return { type, instructions, criteria };
}
