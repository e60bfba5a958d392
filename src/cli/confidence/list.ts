/** The list of methods with what each costs. */
import { formatPlural } from "../../text/index.ts";
import { CONFIDENCE_METHODS, type MethodPrice, priceOfMethod } from "../../uncertainty/index.ts";
import type { ListedMethod } from "../render/index.ts";

/** @param samples further answers, of methods that need some. */
export async function listedMethods(samples: number): Promise<(ListedMethod & { cost: MethodPrice })[]> {
  return Promise.all(
    CONFIDENCE_METHODS.map(async (method) => {
      const { name, family, variant, needs } = method;
      const cost = await priceOfMethod(method, samples);
      return { name, family, variant, needs, price: inWords(cost), cost };
    }),
  );
}

function inWords({ samples, calls, tokensWritten, pairsJudged, textsEmbedded }: MethodPrice): string {
  const parts = [
    ...(samples > 0 ? [formatPlural(samples, "sample")] : []),
    ...(calls > 0
      ? [`${formatPlural(calls, "call")}${tokensWritten ? `, ${formatPlural(tokensWritten, "token")}` : ""}`]
      : []),
    ...(pairsJudged === null
      ? ["sentences judged"]
      : pairsJudged > 0
        ? [`${formatPlural(pairsJudged, "pair")} judged`]
        : []),
    ...(textsEmbedded ? [`${formatPlural(textsEmbedded, "text")} embedded`] : []),
  ];
  return parts.length > 0 ? parts.join(", ") : "nothing";
}
