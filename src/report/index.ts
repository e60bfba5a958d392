/** Pages and exports for people. */
export { comparisonPage, scorePage } from "./pages.ts";
export * from "./runs/index.ts";
export * from "./score/index.ts";
