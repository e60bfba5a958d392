/** docs/tasks.md lists the forms that there are. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LLAMA_FORMS, taskForms } from "./read-task.ts";

const page = readFileSync(new URL("../../../docs/tasks.md", import.meta.url), "utf8");

it("has every form with its fields, and llama.cpp's files", () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` +\| (`.*?) +\| /gm)].map(([, name, fields]) => [
    name,
    fields,
  ]);
  const wanted = taskForms().map(({ name, fields }) => [
    name,
    fields.map((field) => `\`${field.replaceAll("|", "` or `")}\``).join(", "),
  ]);
  expect(rows.slice(0, wanted.length)).toEqual(wanted);
  for (const name of LLAMA_FORMS) expect(page).toContain(`\`${name}\``);
});
