/** pip's settings that matter here, so that a machine set up for pip needs no second set-up. */
import { homedir } from "node:os";
import { join } from "node:path";
import { readSmallFile } from "./small-file.ts";

/**
 * A setting of pip: from PIP_<NAME>, else from pip's configuration files, [install] before [global].
 * https://pip.pypa.io/en/stable/topics/configuration/
 */
export function readPipSetting(
  name: "index-url" | "cert",
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const fromEnvironment = environment[`PIP_${name.toUpperCase().replace("-", "_")}`];
  if (fromEnvironment) return fromEnvironment;
  for (const file of configurationFiles(environment)) {
    const found = readIniSetting(file, name);
    if (found) return found;
  }
  return undefined;
}

/** Strongest first. PIP_CONFIG_FILE replaces the person's own file. */
function configurationFiles(environment: NodeJS.ProcessEnv): string[] {
  const home = environment.HOME || homedir();
  const { PIP_CONFIG_FILE, VIRTUAL_ENV, XDG_CONFIG_HOME, XDG_CONFIG_DIRS, APPDATA, PROGRAMDATA } =
    environment;
  const windows = process.platform === "win32";
  const file = windows ? "pip.ini" : "pip.conf";
  const own = windows
    ? [join(APPDATA || join(home, "AppData", "Roaming"), "pip", file), join(home, "pip", file)]
    : [join(XDG_CONFIG_HOME || join(home, ".config"), "pip", file), join(home, ".pip", file)];
  const machine = windows
    ? [join(PROGRAMDATA || "C:\\ProgramData", "pip", file)]
    : [
        "/etc/pip.conf",
        ...(XDG_CONFIG_DIRS || "/etc/xdg").split(":").map((folder) => join(folder, "pip", file)),
      ];
  if (process.platform === "darwin") {
    own.unshift(join(home, "Library", "Application Support", "pip", file));
    machine.push(join("/Library/Application Support/pip", file));
  }
  return [
    ...(PIP_CONFIG_FILE ? [PIP_CONFIG_FILE] : []),
    ...(VIRTUAL_ENV ? [join(VIRTUAL_ENV, file)] : []),
    ...(PIP_CONFIG_FILE ? [] : own),
    ...machine,
  ];
}

/** Reads `name = value` of an INI file as Python's configparser does: `:` or `=`, `-` and `_` alike, # and ; comments. */
function readIniSetting(file: string, name: string): string | undefined {
  const text = readSmallFile(file);
  if (text === null) return undefined;
  const found = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[(.+)\]\s*$/.exec(line);
    if (header) section = header[1]!;
    const setting = /^([^#;=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (setting && setting[1]!.toLowerCase().replaceAll("_", "-") === name) found.set(section, setting[2]!);
  }
  return found.get("install") || found.get("global") || undefined;
}
