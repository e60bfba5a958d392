import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { kernelsOf } from "../kernels.ts";
import { type CpuBuildOptions, portableBuild } from "./cpu-builds.ts";
import { checkDefaults } from "./layout.ts";
import { loadLlamaLibrary } from "./library.ts";

/** Loads the library in a process of its own (it can be loaded once per process) and returns what it says. */
async function loadIn(
  folder: string | undefined,
): Promise<{ code?: string; message?: string; version?: string; origin?: string }> {
  const library = new URL("../../../dist/models/index.js", import.meta.url).href;
  const script = `import { loadLlamaLibrary } from ${JSON.stringify(library)};
    try { const { version, origin } = loadLlamaLibrary(); console.log(JSON.stringify({ version, origin })); }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message })); }`;
  const env = { ...process.env, ...(folder !== undefined && { SURPRISAL_LLAMA_LIB: folder }) };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    env,
  });
  return JSON.parse(stdout);
}

async function withCopy(change: (folder: string) => Promise<void>, check: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "surprisal-library-"));
  try {
    await cp(loadLlamaLibrary().folder, folder, { recursive: true });
    await change(folder);
    await check(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("SURPRISAL_LLAMA_LIB", () => {
  it("uses a folder of the person's own", async () => {
    await withCopy(
      async () => {},
      async (folder) => expect(await loadIn(folder)).toMatchObject({ origin: "SURPRISAL_LLAMA_LIB" }),
    );
  });

  it("refuses another version", async () => {
    await withCopy(
      async (folder) => {
        const file = join(folder, (await readdir(folder)).find((name) => /^(lib)?llama\.(?!c)/.test(name))!);
        const bytes = await readFile(file);
        const { version } = loadLlamaLibrary();
        const other = version.replace(/^\d+\.\d+/, (numbers) => numbers.replace(/\d/g, "9"));
        let changed = 0;
        for (let at = bytes.indexOf(`${version}\0`); at >= 0; at = bytes.indexOf(`${version}\0`, at + 1)) {
          bytes.write(other, at, "latin1");
          changed++;
        }
        expect(changed).toBeGreaterThan(0);
        await writeFile(file, bytes);
      },
      async (folder) => {
        const { code, message } = await loadIn(folder);
        expect(code).toBe("ENGINE_VERSION");
        expect(message).toMatch(/llama\.cpp 9\.9\.0/);
      },
    );
  });

  it.each(["no-such-folder", fileURLToPath(new URL(".", import.meta.url))])("refuses %s", async (folder) => {
    expect((await loadIn(folder)).code).toBe("ENGINE_UNAVAILABLE");
  });
});

/** What a process of its own says that loads the library once for each of these, one after the other. */
async function loadOneAfterTheOther(
  wanted: readonly CpuBuildOptions[],
  environment: NodeJS.ProcessEnv = {},
): Promise<string[]> {
  const library = new URL("../../../dist/models/index.js", import.meta.url).href;
  const script = `import { loadLlamaLibrary } from ${JSON.stringify(library)};
    const answers = ${JSON.stringify(wanted)}.map((each) => {
      try { return loadLlamaLibrary(each).cpuBuild; } catch (error) { return error.code + " " + error.message; }
    });
    console.log(JSON.stringify(answers));`;
  const { SURPRISAL_CPU_BUILD: _, ...env } = process.env;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...env, ...environment },
  });
  return JSON.parse(stdout);
}

describe("builds of the CPU code", () => {
  const { cpuBuilds } = loadLlamaLibrary();
  const runnable = cpuBuilds.filter(({ score }) => score > 0);
  const [best, ...others] = runnable.map(({ name }) => name);
  const portable = portableBuild(cpuBuilds)?.name;

  it("says which kernels are at work", () => {
    const { kernels, cpuBuild } = loadLlamaLibrary();
    const known = kernelsOf({ device: `cpu (${cpuBuild})` });
    if (known !== null) expect(kernels).toBe(known);
    expect(kernels).not.toBe("");
  });

  it("native is the one that ggml rates highest, portable the best without AMX", async (context) => {
    if (cpuBuilds.length === 0) context.skip("this llama.cpp has one build of its CPU code");
    expect(await loadOneAfterTheOther([{}, { kernels: "native" }, {}])).toEqual([best, best, best]);
    expect(await loadOneAfterTheOther([{ kernels: "portable" }, {}])).toEqual([portable, portable]);
  });

  it("forces every one that this CPU can run", async (context) => {
    if (others.length === 0) context.skip("this CPU runs one build");
    for (const { name, amx } of runnable) {
      const [forced, asPortable] = await loadOneAfterTheOther([{}, { kernels: "portable" }], {
        SURPRISAL_CPU_BUILD: name,
      });
      expect(forced).toBe(name);
      if (amx) expect(asPortable).toMatch(/^KERNELS_UNAVAILABLE .*AMX/);
      else expect(asPortable).toBe(name); // the environment says which portable one
    }
    const unknown = { SURPRISAL_CPU_BUILD: "no-such" };
    expect(await loadOneAfterTheOther([{}], unknown)).toEqual([
      expect.stringMatching(/^KERNELS_UNAVAILABLE There is no CPU build "no-such"/),
    ]);
  });

  it("holds one in a process: the first load decides", async (context) => {
    if (others.length === 0) context.skip("this CPU runs one build");
    const other = others.at(-1)!;
    const refused = expect.stringMatching(
      new RegExp(`^KERNELS_LOADED .*"${other}" .*cannot load "${best}" beside it`),
    );
    const wanted = [{ cpuBuild: other }, {}, { kernels: "native" }, { cpuBuild: best }, { cpuBuild: other }];
    expect(await loadOneAfterTheOther(wanted as CpuBuildOptions[])).toEqual([
      other,
      other,
      refused,
      refused,
      other,
    ]);
    // Portable is served by any build without AMX.
    expect(await loadOneAfterTheOther([{ cpuBuild: other }, { kernels: "portable" }])).toEqual([
      other,
      other,
    ]);
  });
});

describe("the struct layout", () => {
  const { functions } = loadLlamaLibrary();
  const defaults = () => ({
    model: functions.llama_model_default_params(),
    context: functions.llama_context_default_params(),
    quantize: functions.llama_model_quantize_default_params(),
  });

  it("is proved by the library's defaults", () => {
    expect(() => checkDefaults(defaults(), "here")).not.toThrow();
  });

  it.each(["model", "context", "quantize"] as const)(
    "does not pass when a field of %s is another",
    (struct) => {
      for (const field of Object.keys(defaults()[struct])) {
        const changed = defaults();
        const values = changed[struct] as unknown as Record<string, unknown>;
        const value = values[field];
        values[field] = typeof value === "boolean" ? !value : typeof value === "number" ? value + 1e9 : 4096n;
        if (field === "max_buf_size") values[field] = 0;
        expect(() => checkDefaults(changed, "here"), field).toThrow(/default parameters/);
      }
    },
  );
});
