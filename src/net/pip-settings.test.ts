import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NOT_WINDOWS, needing } from "../../test/needing.ts";
import { readPipSetting } from "./pip-settings.ts";

needing(NOT_WINDOWS).describe("pip's settings", () => {
  let home: string;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
    return join(home, path);
  };
  const indexUrl = (environment: NodeJS.ProcessEnv = {}) =>
    readPipSetting("index-url", { HOME: home, ...environment });

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "surprisal-"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("come from the environment first", () => {
    const PIP_CONFIG_FILE = write("own.conf", "[global]\nindex-url = http://file/\n");
    expect(indexUrl({ PIP_CONFIG_FILE })).toBe("http://file/");
    expect(indexUrl({ PIP_CONFIG_FILE, PIP_INDEX_URL: "http://environment/" })).toBe("http://environment/");
  });

  it("then from PIP_CONFIG_FILE, the virtual environment, the person's files", () => {
    write(".pip/pip.conf", "[global]\nindex-url = http://legacy/\n");
    expect(indexUrl()).toBe("http://legacy/");
    write(".config/pip/pip.conf", "[global]\nindex-url = http://own/\n");
    expect(indexUrl()).toBe("http://own/");
    write("elsewhere/pip/pip.conf", "[global]\nindex-url = http://xdg/\n");
    expect(indexUrl({ XDG_CONFIG_HOME: join(home, "elsewhere") })).toBe("http://xdg/");
    write("venv/pip.conf", "[global]\nindex-url = http://venv/\n");
    expect(indexUrl({ VIRTUAL_ENV: join(home, "venv") })).toBe("http://venv/");
    const PIP_CONFIG_FILE = write("other.conf", "[global]\ntimeout = 3\n");
    expect(indexUrl({ PIP_CONFIG_FILE })).not.toBe("http://own/");
  });

  it.each([
    ["[global]\nindex_url: http://x/\n", "http://x/"],
    [
      "[global]\r\n  \r\n# index-url = http://no/\r\n; index-url=http://no/\r\nindex-url=http://x/ \r\n",
      "http://x/",
    ],
    ["[global]\nindex-url = http://global/\n[install]\nIndex-URL = http://install/\n", "http://install/"],
    ["[list]\nindex-url = http://other/\n[global]\nindex-url = http://x/?a=b\n", "http://x/?a=b"],
  ])("are read as configparser reads them: %j", (text, expected) => {
    expect(indexUrl({ PIP_CONFIG_FILE: write("pip.conf", text) })).toBe(expected);
  });
});
