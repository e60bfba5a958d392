/** A prompt as the token ids that a model in process reads. */
import { isChat, type LanguageModel, type Prompt, type TextOrIds } from "../models/index.ts";

/** With the model's own chat template, and BOS where its tokenizer adds one: as `LanguageModel.generate` reads it. */
export async function idsOfPrompt(model: LanguageModel, prompt: Prompt): Promise<number[]> {
  if (isChat(prompt)) {
    const text = model.applyChatTemplate(prompt, { addGenerationPrompt: true });
    const { ids } = await model.tokenize(text, { addSpecial: true, parseSpecial: true });
    const { bos } = model.vocabulary; // most templates write it themselves
    return Array.from(bos !== null && ids[0] === bos && ids[1] === bos ? ids.subarray(1) : ids);
  }
  return idsOfText(model, prompt as TextOrIds);
}

async function idsOfText(model: LanguageModel, prompt: TextOrIds): Promise<number[]> {
  if (typeof prompt !== "string") return Array.from(prompt);
  return Array.from((await model.tokenize(prompt, { addSpecial: true, parseSpecial: true })).ids);
}
