/** The style sheet of pictures inside a page. */
import { themeStyle } from "./theme.ts";

/** What `renderFigure` and `renderTable` need on their page; it names nothing that is not in there but the class `soft`. */
export const FIGURE_STYLE: string = `
${themeStyle(":root")}
.soft{color:var(--chart-soft)}
figure{margin:.8rem 0 0}
figure svg{display:block;max-inline-size:100%;block-size:auto}
figure .scroll svg{max-inline-size:none}
.plot text{white-space:pre}
.narrow{display:none}
.scroll{overflow-x:auto;overscroll-behavior-x:contain}
.scroll:focus-visible,summary:focus-visible{outline:3px solid var(--chart-main);outline-offset:2px}
details{margin-block-start:.6rem}
summary{cursor:pointer;color:var(--chart-soft);font-size:.9rem;inline-size:max-content;padding-block:.35rem}
.numbers table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin-block-start:.4rem}
.numbers th,.numbers td{padding:.4rem 1.2rem .4rem 0;border-block-end:1px solid var(--chart-line);text-align:start;vertical-align:baseline;font-weight:400;min-inline-size:3.2rem}
.numbers thead th{color:var(--chart-soft);font-size:.85rem;vertical-align:bottom}
.numbers th{overflow-wrap:break-word}
.numbers th[scope=row]{max-inline-size:22rem}
.numbers .figure{text-align:end;white-space:nowrap}
@media (max-width:47.99rem){.wide{display:none}.narrow{display:block}}
@media (forced-colors:active){svg.chart{forced-color-adjust:none}}
@media print{.wide{display:block}.narrow{display:none}figure .scroll svg{max-inline-size:100%}.scroll{overflow:visible}figure,.numbers tr{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}}
`;
