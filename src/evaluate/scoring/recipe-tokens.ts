/** A text as the tokens that a recipe scores. */
import type { ResolvedRecipe } from "../../core/index.ts";
import type { LanguageModel, TokenizedText } from "../../models/index.ts";

/**
 * Encodes a text as the recipe says. Under the prefix policy "bos-else-eos", lm-eval's, the tokenizer adds no BOS to a text
 * that begins with the prefix token's own text, where special tokens are read.
 * Source: lm-eval 0.4.13, lm_eval/models/huggingface.py, `tok_encode`; lm_eval/models/utils.py, `has_bos_prefix`.
 * @param tokenize the model's own, when it is called in another way.
 */
export async function recipeTokens(
  model: LanguageModel,
  recipe: ResolvedRecipe,
  text: string,
  tokenize: LanguageModel["tokenize"] = (given, options) => model.tokenize(given, options),
): Promise<TokenizedText> {
  const { addSpecial, parseSpecial } = recipe;
  const adds = addSpecial && !(await beginsWithPrefix(model, recipe, text));
  return tokenize(text, { addSpecial: adds, parseSpecial });
}

async function beginsWithPrefix(
  model: LanguageModel,
  { prefix, parseSpecial }: ResolvedRecipe,
  text: string,
): Promise<boolean> {
  const { bos, addsBos } = model.vocabulary;
  // Who adds nothing has nothing to leave out, and who adds BOS has one.
  if (prefix !== "bos-else-eos" || !parseSpecial || !addsBos || bos === null) return false;
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await model.detokenize([bos]));
  return name !== "" && text.startsWith(name);
}
