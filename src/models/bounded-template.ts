/**
 * Chat templates are programs in a file from outside, and may loop for ever or make gigabytes of text. Their steps are
 * counted, not their seconds: the same template with the same messages ends the same way on every machine.
 */
import { Environment, Interpreter, Template } from "@huggingface/jinja";

/** A conversation of 10,000 messages takes some hundred thousand steps. */
const MOST_STEPS = 2e6;
/** Characters that one step handles in the time of a simple one; an element of a list counts as much as 16 characters. */
const STEP_CHARACTERS = 1024;
const ELEMENT_CHARACTERS = 16;
/** Of one text, or 16 to the element of one list. A conversation of a million tokens has some 5 million. */
const MOST_CHARACTERS = 2 ** 26;
const LONGEST_RANGE = 1e5;

/** A template ran into a bound. */
export class TemplateBound extends Error {}

/** What is used of the package's interpreter, whose own types do not resolve under Node's rules. */
interface Walker {
  evaluate(node: unknown, scope: unknown): { value: unknown };
  run(program: unknown): { value: unknown };
}

/** An interpreter that counts: it evaluates every part of a template through `evaluate`. */
function countingInterpreter(environment: Environment): Walker {
  const walker: Walker = new Interpreter(environment);
  const evaluate = walker.evaluate.bind(walker);
  let steps = 0;
  walker.evaluate = (node, scope) => {
    const result = evaluate(node, scope);
    const size = sizeOf(result.value);
    if (size > MOST_CHARACTERS)
      throw new TemplateBound(`it makes a value of more than ${MOST_CHARACTERS} characters`);
    steps += 1 + size / STEP_CHARACTERS;
    if (steps > MOST_STEPS) throw new TemplateBound(`it takes more than ${MOST_STEPS} steps`);
    return result;
  };
  return walker;
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return ELEMENT_CHARACTERS * value.length;
  return value instanceof Map ? ELEMENT_CHARACTERS * value.size : 0;
}

/**
 * `Template.render` of @huggingface/jinja, with its globals, in bounded time and memory.
 * @throws TemplateBound; whatever the template or its interpreter throws.
 */
export function renderBounded(template: string, values: Readonly<Record<string, unknown>>): string {
  const { parsed } = new Template(template);
  const environment = new Environment();
  for (const [name, value] of [
    ["true", true],
    ["false", false],
    ["none", null],
  ] as const) {
    environment.set(name, value);
    environment.set(name[0]!.toUpperCase() + name.slice(1), value);
  }
  environment.set("raise_exception", (message: string) => {
    throw new Error(message);
  });
  environment.set("range", boundedRange);
  environment.set("strftime_now", (format: string) =>
    new Template("{{ strftime_now(format) }}").render({ format }),
  );
  for (const [name, value] of Object.entries(values)) environment.set(name, value);
  return String(countingInterpreter(environment).run(parsed).value);
}

/** Python's range. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  const [from, to] = second === undefined ? [0, first] : [first, second];
  const length = Math.ceil((to - from) / step);
  if (!Number.isInteger(step) || step === 0)
    throw new Error("range() step must be a whole number, and not 0");
  if (length > LONGEST_RANGE) throw new TemplateBound(`it asks for a range of ${length} numbers`);
  return Array.from({ length: Math.max(0, length) }, (_, i) => from + i * step);
}
