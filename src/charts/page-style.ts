/** The style sheets of pictures inside a page, and of a page with pictures. */
import { themeStyle } from "./theme.ts";

/** What `renderFigure` needs on its page; it names nothing that is not in there but the class `soft`. */
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

export const PAGE_STYLE: string = `
:root{color-scheme:light dark}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--chart-page);color:var(--chart-ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:57rem;margin-inline:auto;padding-inline:clamp(.6rem,4vw,3rem)}
header{padding-block:clamp(1.5rem,5vw,3rem) 0}
footer{padding-block:1.5rem 3rem;color:var(--chart-soft);font-size:.85rem}
section{margin-block-start:clamp(2.2rem,5vw,3.25rem)}
h1{margin:0;font-size:clamp(1.5rem,5vw,2.1rem);font-weight:650;letter-spacing:-.02em;line-height:1.2}
h2{margin:0 0 .4rem;font-size:1.2rem;font-weight:650;letter-spacing:-.005em;line-height:1.3}
p{margin:.4rem 0 .8rem;max-width:46rem}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.35rem 1.5rem;margin:.6rem 0 0;font-size:.92rem}
dt{color:var(--chart-soft)}
dd{margin:0;unicode-bidi:plaintext}
@media (max-width:34rem){dl{grid-template-columns:minmax(0,1fr);gap:.1rem}dd{margin-block-end:.6rem}}
@media print{:root{color-scheme:light}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}@page{margin:14mm}body{font-size:10pt}header,main,footer{max-width:none;padding-inline:0}section{margin-block-start:1.6rem}h2{break-after:avoid}}
${FIGURE_STYLE}`;

/** sha256 of PAGE_STYLE for the content security policy; a constant, because browsers hash only asynchronously. A test compares. */
export const PAGE_STYLE_HASH = "sha256-OY9pzPBcQjaFMQuHasbFoXYZWPM3y4HehIduy3ePvBw=";
