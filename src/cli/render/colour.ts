/** What colours a terminal has, and how a shade is written in them. */
import { WriteStream } from "node:tty";
import { type Background, onPage, shadeColours } from "../../report/index.ts";
import { channels } from "../../text/index.ts";

export type ColourDepth = "none" | "16" | "256" | "truecolor";

/** The nearest entries of xterm's 256 colours, lightness still in order. */
const XTERM = [54, 90, 126, 167, 209, 216, 229] as const;
/** Background codes of the 16 colours, which every theme keeps in this order of lightness. */
const ANSI = [44, 44, 45, 45, 43, 43, 103] as const;
const ANSI_DARK = new Set([44, 45]);

/** The SGR parameters that paint a shade; "" = leave the text as it is. */
export function shadeSgr(shade: number | null, depth: ColourDepth, page: Background): string {
  if (depth === "none" || shade === 0) return "";
  if (shade === null) return "2"; // faint: no number
  if (depth === "16") {
    const background = onPage(ANSI, shade, page);
    return `${background};${ANSI_DARK.has(background) ? 97 : 30}`;
  }
  const { background, text } = shadeColours(shade, page);
  if (depth === "256") return `48;5;${onPage(XTERM, shade, page)};38;5;${text === "#ffffff" ? 231 : 16}`;
  return `48;2;${channels(background).join(";")};38;2;${channels(text).join(";")}`;
}

/**
 * What colours to write. A NO_COLOR that is not empty means none; else FORCE_COLOR (0 ... 3) decides; else a
 * stream that is no terminal gets none, and a terminal what Node's `getColorDepth` finds in TERM and COLORTERM.
 */
export function decideColour(env: NodeJS.ProcessEnv, stream: { isTTY?: boolean | undefined }): ColourDepth {
  if (env.NO_COLOR) return "none";
  const { NO_COLOR: _, FORCE_COLOR: force, ...rest } = env;
  if (force === undefined && !stream.isTTY) return "none";
  const variables = force === undefined ? rest : { FORCE_COLOR: force };
  // The method does not use its `this`; calling it so lets a pipe be asked too, which has no such method.
  const bits = WriteStream.prototype.getColorDepth.call(stream as WriteStream, variables);
  if (bits === 4 && force === undefined && /-256color$/.test(env.TERM ?? "")) return "256"; // screen and others
  return bits >= 24 ? "truecolor" : bits >= 8 ? "256" : bits >= 4 ? "16" : "none";
}

/** Whether the terminal's background is light, as far as COLORFGBG ("15;0": text; background) says it. */
export function decideBackground(env: NodeJS.ProcessEnv): Background {
  const code = Number(env.COLORFGBG?.split(";").at(-1) || Number.NaN);
  return code === 7 || (code >= 9 && code <= 15) ? "light" : "dark";
}
