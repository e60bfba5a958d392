export type * from "./language-model.ts";
