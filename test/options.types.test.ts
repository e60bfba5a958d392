/** What an editor proposes where an option is written. Read from the declarations that are published: needs `npm run build`. */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { parsePolicy, RECIPES } from "../src/core/index.ts";

const declarations = fileURLToPath(new URL("../dist/index.d.ts", import.meta.url));
const file = fileURLToPath(new URL("options.ts", import.meta.url)); // is nowhere on the disk

const PROGRAM = `
import { monitorTokens, scoreText } from "surprisal";
scoreText(null!, "", { recipe: "" });
monitorTokens(null!, { stopWhen: "" });
`;

const service = ts.createLanguageService({
  getScriptFileNames: () => [file],
  getScriptVersion: () => "1",
  getScriptSnapshot: (path) => {
    const content = path === file ? PROGRAM : ts.sys.readFile(path);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => fileURLToPath(new URL("..", import.meta.url)),
  getCompilationSettings: () => ({
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    types: [],
    paths: { surprisal: [declarations] },
  }),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (path) => path === file || ts.sys.fileExists(path),
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
});

/** The texts proposed between the quotes behind an option's name. */
function proposals(option: string): string[] {
  const place = PROGRAM.indexOf(`${option}: "`) + `${option}: "`.length;
  return service.getCompletionsAtPosition(file, place, undefined)?.entries.map(({ name }) => name) ?? [];
}

describe("an editor proposes", () => {
  it("the named recipes", () => {
    expect(proposals("recipe")).toEqual(expect.arrayContaining(Object.keys(RECIPES)));
  });

  it("policies that are some", () => {
    const found = proposals("stopWhen");
    expect(found).toContain("window(16)>80 after 20");
    for (const text of found) expect(() => parsePolicy(text)).not.toThrow();
  });
});
