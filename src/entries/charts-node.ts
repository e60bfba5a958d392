/** `surprisal/charts` in Node: the same names, with a document to draw in. */

export { drawChart, renderFigure, renderPage, renderSvg } from "../charts/server.ts";
export * from "./charts.ts";
