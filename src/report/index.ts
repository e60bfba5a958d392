/** Pages and exports for people. */
export { ERROR_METHODS, formatEstimate } from "./measures.ts";
export type { PageSection } from "./page/sections.ts";
export { comparisonPage, differencesPage, renderPage, scorePage } from "./pages.ts";
export * from "./runs/index.ts";
export * from "./score/index.ts";
