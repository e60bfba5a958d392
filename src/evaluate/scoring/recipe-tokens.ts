/** A document as the text and the tokens that a recipe scores with a model. */
import { type ResolvedRecipe, SurprisalError } from "../../core/index.ts";
import type { ChatMessage, LanguageModel, TokenizedText } from "../../models/index.ts";

/** A text, or a chat that a model has yet to make a text of. */
export interface ScorableDocument {
  text: string;
  messages?: readonly ChatMessage[] | undefined;
}

/**
 * What the model reads of a document: a text as it is, a chat through the model's own chat template, all of it and without
 * the words that make the model answer.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY for a chat and a model without a template; INVALID_ARGUMENT for a chat that
 *   its template refuses.
 */
export function documentText(model: LanguageModel, { text, messages }: ScorableDocument): string {
  if (messages === undefined) return text;
  if (!model.capabilities.chatTemplate)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "The texts are chats, and this model has no chat template to make texts of them",
      where: model.identity.name,
      wayOut: "Take a chat model in process (a GGUF file with a template), or name a column of texts.",
    });
  return model.applyChatTemplate(messages, { addGenerationPrompt: false });
}

/** How `recipeTokens` encodes what is no plain text. */
export interface RecipeTokensOptions {
  /** The text is a chat through a template: special tokens are read in it, whatever the recipe, and BOS is not doubled. */
  isChat?: boolean | undefined;
  /** Default: the model's own, as it is. */
  tokenize?: LanguageModel["tokenize"] | undefined;
}

/**
 * Encodes a text as the recipe says. Under the prefix policy "bos-else-eos", lm-eval's, the tokenizer adds no BOS to a text
 * that begins with the prefix token's own text, where special tokens are read.
 * Source: lm-eval 0.4.13, lm_eval/models/huggingface.py, `tok_encode`; lm_eval/models/utils.py, `has_bos_prefix`.
 */
export async function recipeTokens(
  model: LanguageModel,
  recipe: ResolvedRecipe,
  text: string,
  { isChat = false, tokenize = (given, options) => model.tokenize(given, options) }: RecipeTokensOptions = {},
): Promise<TokenizedText> {
  const parseSpecial = recipe.parseSpecial || isChat;
  const once = isChat || (recipe.prefix === "bos-else-eos" && parseSpecial);
  const adds = recipe.addSpecial && !(once && (await beginsWithBos(model, text)));
  return tokenize(text, { addSpecial: adds, parseSpecial });
}

async function beginsWithBos(model: LanguageModel, text: string): Promise<boolean> {
  const { bos, addsBos } = model.vocabulary;
  if (!addsBos || bos === null) return false; // who adds nothing has nothing to leave out
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await model.detokenize([bos]));
  return name !== "" && text.startsWith(name);
}
