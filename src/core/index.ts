export * from "./errors.ts";
export type * from "./token.ts";
export * from "./windows.ts";
