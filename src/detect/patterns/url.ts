/** Web addresses: their form, and hosts that lead nowhere. Nothing is looked up. */
import { pageOf, trimmed } from "./page.ts";
import { type Found, quote, type SentenceRule } from "./rule.ts";

const ADDRESS =
  /\b(https?|ftp|htt?p?s?)(:?\/{1,3})([^\s\p{Script=Han}\u3000-\u303f\uff00-\uffef<>"\u201c\u201d\ufffc|]{1,2000})|(?<![\p{L}\p{N}@./-])()()(www\.[^\s\p{Script=Han}\u3000-\u303f\uff00-\uffef<>"\u201c\u201d\ufffc|]{1,2000})/giu;
/** An address that is said to be an example claims nothing. */
const EXAMPLE =
  /\b(?:for example|e\.g\.|such as|placeholder|replace|instead of|your own|example (?:of|url|address|domain)|reserved|dummy)\b|例如|比如|示例|占位|替换/iu;

export const addresses: SentenceRule = ({ open, start: _ }, context) => {
  if (!/\/\/|www\.|:\/|htt?ps?\//i.test(open)) return [];
  const isExample = EXAMPLE.test(open);
  return [...open.matchAll(ADDRESS)].flatMap((match): Found[] => {
    const [scheme, separator, rest] = match[1] !== undefined ? match.slice(1, 4) : match.slice(4, 7);
    const cut = trimmed(rest!);
    const start = match.index;
    const end = start + match[0].length - (rest!.length - cut.length);
    const shown = quote(open.slice(start, end));
    const malformed = (why: string): Found[] => [
      { kind: "url-malformed", start, end, strength: 0.8, because: `${shown} is no web address: ${why}.` },
    ];
    if (scheme && !/^(?:https?|ftp)$/i.test(scheme))
      return separator === "://" ? malformed(`there is no scheme "${scheme}"`) : [];
    if (scheme && separator !== "://")
      return /\./.test(cut) ? malformed(`"://" belongs behind ${scheme}`) : [];
    const authority = /^[^/?#]*/.exec(cut)![0];
    const host = authority.slice(authority.lastIndexOf("@") + 1);
    const why = hostFault(host);
    if (why !== null) return malformed(why);
    const name = host.replace(/:\d*$/, "").toLowerCase().replace(/\.$/, "");
    if (isReserved(name)) {
      if (isExample) return [];
      const because = `${shown} leads nowhere: ${name} is reserved for examples (RFC 2606).`;
      return [{ kind: "url-reserved", start, end, strength: 0.6, because }];
    }
    const plain = name.replace(/^www\./, "");
    if (!context || context.documents === 0 || context.addresses.size === 0 || isLocal(name)) return [];
    if ([...hostAndParents(plain)].some((each) => context.addresses.has(each))) {
      const page = pageOf(cut);
      if (page === plain || !context.pages.has(plain) || context.hasPage(plain, page)) return [];
      const because = `The documents name pages of ${plain}, but not ${shown}.`;
      return [{ kind: "citation-not-in-documents", start, end, strength: 0.4, because }];
    }
    const because = `The documents name web addresses, but none at ${plain}.`;
    return [{ kind: "citation-not-in-documents", start, end, strength: 0.5, because }];
  });
};

function* hostAndParents(host: string): Generator<string> {
  for (let rest = host; rest.includes("."); rest = rest.slice(rest.indexOf(".") + 1)) yield rest;
}

const isLocal = (host: string): boolean =>
  /^(?:localhost|\[.*\]|[\d.]+)$|\.(?:local|localhost|internal|lan)$/.test(host) || !host.includes(".");

/** RFC 2606 and RFC 6761; localhost leads somewhere. */
const isReserved = (host: string): boolean =>
  /(?:^|\.)example\.(?:com|net|org)$|\.(?:example|invalid|test)$/.test(host);

/** Why no host can be called so; `null`: one can. */
function hostFault(host: string): string | null {
  if (host === "" || /^\[[\da-f:.%]+\](?::\d{1,5})?$/i.test(host))
    return host === "" ? "it has no host" : null;
  const [, name, port] = /^([^:]*)(?::(\d*))?$/.exec(host) ?? [];
  if (name === undefined) return /^https?:/i.test(host) ? "it has two schemes" : "its host has a colon";
  if (port !== undefined && Number(port) > 65535) return `there is no port ${port}`;
  if (/[{}$%]/.test(name)) return null; // a template, not an address
  const labels = name.replace(/\.$/, "").split(".");
  if (labels.some((label) => label === "")) return "a part of its host is empty";
  if (name.length > 253 || labels.some((label) => label.length > 63))
    return "its host is longer than a name may be";
  if (labels.some((label) => label.startsWith("-") || label.endsWith("-")))
    return "a part of its host begins or ends with a hyphen";
  if (labels.some((label) => /[^\p{L}\p{M}\p{N}_-]/u.test(label)))
    return "its host has a character that no name has";
  const last = labels.at(-1)!;
  if (labels.every((label) => /^\d+$/.test(label)) && labels.length > 1)
    return labels.length === 4 && labels.every((label) => Number(label) <= 255)
      ? null
      : "its numbers are no IPv4 address";
  if (labels.length === 1) return null;
  if (last.length < 2 || (/[\d_]/.test(last) && !/^xn--/i.test(last)))
    return `no top-level domain is called "${last}"`;
  return null;
}
