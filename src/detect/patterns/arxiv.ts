/** arXiv identifiers whose month, or number, there never was. Source: arXiv's "Understanding the arXiv identifier". */
import type { Found, SentenceRule } from "./rule.ts";

const NEW = /\b(?:arXiv:\s?|arxiv\.org\/(?:abs|pdf|html)\/)(\d{2})(\d{2})\.(\d{1,7})(?!\d)/giu;
const OLD =
  /\b(?:arXiv:\s?|arxiv\.org\/(?:abs|pdf)\/)?([a-z-]{2,8}(?:\.[A-Z]{2})?)\/(\d{2})(\d{2})(\d{3})(?!\d)/gu;
const ARCHIVES = new Set(
  "acc-phys adap-org alg-geom ao-sci astro-ph atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas cond-mat cs dg-ga funct-an gr-qc hep-ex hep-lat hep-ph hep-th math math-ph mtrl-th nlin nucl-ex nucl-th patt-sol physics plasm-ph q-alg q-bio quant-ph solv-int supr-con".split(
    " ",
  ),
);

export const arxiv: SentenceRule = ({ open }) => {
  if (!/arxiv|\/\d{7}/i.test(open)) return [];
  const found: Found[] = [];
  const add = (match: RegExpExecArray, because: string): void => {
    found.push({
      kind: "arxiv-impossible",
      start: match.index,
      end: match.index + match[0].length,
      strength: 0.9,
      because,
    });
  };
  for (const match of open.matchAll(NEW)) {
    const [, year, month, number] = match;
    const yearMonth = Number(year! + month!);
    if (Number(month) < 1 || Number(month) > 12)
      add(match, `arXiv numbers papers by year and month, and there is no month ${month}.`);
    else if (yearMonth < 704) add(match, "arXiv numbers papers in this way only since April 2007.");
    else if (number!.length !== (yearMonth < 1501 ? 4 : 5))
      add(
        match,
        `arXiv numbers of 20${year} have ${yearMonth < 1501 ? "four" : "five"} digits behind the point.`,
      );
  }
  for (const match of open.matchAll(OLD)) {
    const [whole, archive, year, month] = match;
    if (!ARCHIVES.has(archive!.replace(/\.[A-Z]{2}$/, ""))) continue;
    const isYear = Number(year) >= 91 || Number(year) <= 7;
    if (Number(month) < 1 || Number(month) > 12) add(match, `In "${whole}" there is no month ${month}.`);
    else if (!isYear) add(match, `arXiv numbered papers as in "${whole}" from 1991 to 2007 only.`);
  }
  return found;
};
