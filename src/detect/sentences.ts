/** Sentences with their places; what cuts a text into them is in text/, where refine/ finds it too. */
export { cutSentences, type Sentence, SentenceStream } from "../text/index.ts";
