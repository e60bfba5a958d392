/** The door of this room in Node: the same functions, with a document of linkedom's to draw in. */
import { parseHTML } from "linkedom";
import type { Chart } from "./chart.ts";
import type { ChartDocument, ChartElement } from "./dom.ts";
import * as charts from "./index.ts";

export * from "./index.ts";

const withDocument = <T extends { document?: ChartDocument | undefined }>(options: T): T => ({
  document: parseHTML("<!doctype html><html></html>").document as unknown as ChartDocument,
  ...options,
});

/** A chart as an element of `options.document`; default: one of linkedom's. */
export const drawChart = (chart: Chart, options: charts.SvgOptions = {}): ChartElement =>
  charts.drawChart(chart, withDocument(options));

/** A chart as an SVG file: text that needs nothing else. */
export const renderSvg = (chart: Chart, options: charts.SvgOptions = {}): string =>
  charts.renderSvg(chart, withDocument(options));

/** A chart as an HTML figure with its caption, its table and the styles that it needs. */
export const renderFigure = (chart: Chart, options: charts.FigureOptions = {}): string =>
  charts.renderFigure(chart, withDocument(options));
