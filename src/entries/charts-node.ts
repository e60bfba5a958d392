/** `surprisal/charts` in Node: the same names, with a document to draw in. */

export { drawChart, renderFigure, renderSvg } from "../charts/server.ts";
export * from "./charts.ts";
