export { type Columns, columnsOf, matchedPlaces, subset } from "./columns.ts";
export { BASELINES, type ChosenMethods, chooseMethods } from "./methods.ts";
export { moreOf } from "./more.ts";
export { sectionsOf } from "./sections.ts";
