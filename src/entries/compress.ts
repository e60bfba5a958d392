/** `surprisal/compress`: any bytes packed without loss, text by what a model expects of it. */
export * from "../compress/index.ts";
