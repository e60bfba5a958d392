/** What the bounds stop, and that what they leave alone is what the package renders. */
import { Template } from "@huggingface/jinja";
import { describe, expect, it } from "vitest";
import { renderBounded } from "./bounded-template.ts";
import { fillChatTemplate } from "./chat-template.ts";

const messages = Array.from({ length: 2000 }, (_, i) => ({
  role: i % 2 ? "assistant" : "user",
  content: `${i} ${"word ".repeat(100)}`,
}));
const CHATML =
  "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}{{ 'x' | upper }}{% endif %}" +
  "{{ '<|im_start|>' + m['role'] + '\n' + (m['content'] | trim) + '<|im_end|>' }}{% if not loop.last %}{{ '\n' }}{% endif %}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant' }}{% endif %}";

describe("renderBounded", () => {
  it.each([
    CHATML,
    "{% for i in range(3) %}{{ i }}{% endfor %}{{ range(5, 1, -2) | length }}{{ True }}{{ none is none }}{{ False or None }}",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
    "{% macro f(x) %}<{{ x }}>{% endmacro %}{{ f('a') }}{{ messages[:2] | tojson }}{{ strftime_now('%Y') }}",
  ])("is what the package renders: %#", (template) => {
    const values = { messages, add_generation_prompt: true };
    expect(renderBounded(template, values)).toBe(new Template(template).render(values));
  });

  it.each([
    ["a range of 10^9", "{% for i in range(1000000000) %}x{% endfor %}", /range of 1000000000/],
    ["an endless range", "{{ range(0, 10**400) | length }}", /range|finite/],
    [
      "loops in loops",
      "{% for i in range(100000) %}{% for j in range(100000) %}{% set x = j %}{% endfor %}{% endfor %}",
      /steps/,
    ],
    [
      "a text that doubles",
      "{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}",
      /characters/,
    ],
    [
      "a list that doubles",
      "{% set ns = namespace(t=[1]) %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t | length }}",
      /characters/,
    ],
    ["a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", /call|stack/],
    ["a template of brackets", `{{ ${"(".repeat(100_000)}1${")".repeat(100_000)} }}`, /stack/],
  ])("stops %s with a code", (_, template, reason) => {
    const fill = () => fillChatTemplate(template, [{ role: "user", content: "hi" }], { bos: "", eos: "" });
    expect(fill).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", what: expect.stringMatching(reason) }),
    );
  });
});
