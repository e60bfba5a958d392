/** Style sheet of the page of examined answers, beside those of a score's page. */
import { inkOn } from "../../text/index.ts";
import { LIFT_LEVELS, liftColour } from "../detect/levels.ts";

/** Colours of the shades of lift; "0" is the page itself. */
const levels = (page: "light" | "dark"): string =>
  LIFT_LEVELS.filter((level) => level !== "0")
    .map((level) => {
      const background = liftColour(level, page);
      return `.l${level}{background:${background};color:${inkOn(background)}}`;
    })
    .join("");

/** Without colours of its own lift still shows: a line beneath for what documents explain, a wave for what speaks against. */
const FORCED = LIFT_LEVELS.filter((level) => level !== "0")
  .map((level) => {
    const size = Math.abs(Number(level));
    return `.l${level}{text-decoration:underline ${level.startsWith("-") ? "wavy" : "solid"} ${size}px}`;
  })
  .join("");

export const DETECT_STYLE: string = `
:root{--m1:#fff3c4;--m2:#ffd9a8;--m3:#ffc2bd;--mark:#9c1c12;--m-ink:#1c1a20}
${levels("light")}
@media screen and (prefers-color-scheme:dark){
:root{--m1:#3d3413;--m2:#4d2f12;--m3:#5a1f1c;--mark:#ffa69e;--m-ink:#f6f2f8}
${levels("dark")}
}
h1{font-size:clamp(1.5rem,5vw,2.1rem);font-weight:650}
h3{margin:1.6rem 0 .4rem;font-size:1rem;font-weight:650}
.asked{white-space:pre-wrap}
.verdict .score{font-size:1.35rem;font-variant-numeric:tabular-nums}
.answer{margin:.4rem 0;font:clamp(1.02rem,1.6vw,1.16rem)/1.95 "Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,"Noto Serif","Liberation Serif",serif;white-space:pre-wrap;tab-size:4;unicode-bidi:plaintext;max-width:46rem}
.answer .mark{padding-block:.16em;border-radius:2px;color:var(--m-ink);text-decoration:underline 2px var(--mark);text-underline-offset:.22em;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.m1{background:var(--m1)}.m2{background:var(--m2)}.m3{background:var(--m3)}
.answer .m1{text-decoration-style:dotted}.answer .m3{text-decoration-thickness:3px}
.answer sup{font:600 .62em/1 system-ui,sans-serif;color:inherit;padding-inline:.15em}
.answer .mark:hover,.answer .mark.at{outline:2px solid var(--chart-ink);outline-offset:0}
.answer .mark:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
.why{min-block-size:1.55em;margin:.4rem 0;padding:.6rem .9rem;border-inline-start:4px solid var(--mark);background:var(--card);border-radius:0 8px 8px 0;font-size:.92rem;max-width:46rem}
.why:empty{display:none}
.why p{margin:0 0 .2rem}
.why ul,.reasons ul{margin:.1rem 0 .5rem;padding-inline-start:1.1rem}
.reasons{padding-inline-start:1.5rem;max-width:46rem;font-size:.95rem}
.reasons p{margin:.1rem 0}
.reasons li::marker{font-variant-numeric:tabular-nums}
.reasons li:target{outline:3px solid var(--focus);outline-offset:3px}
.back{color:inherit;text-underline-offset:.2em}
.quote{font-weight:600}
.heat span{padding-block:.16em;border-radius:2px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.heat .sn{border-block-end:2px dotted var(--quiet)}
.heat span:hover,.heat .at{outline:2px solid var(--chart-ink);outline-offset:0}
.heat span:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
.legend .l0{border-color:var(--chart-line)}
.token-line{min-block-size:1.55em;margin:.2rem 0}
.top{font-size:.92rem}
.top th[scope=row]{font-weight:400}
.top .said{min-inline-size:14rem}
.documents th[scope=row]{min-inline-size:7rem}
.caught{inline-size:auto}
.documents td:last-child{min-inline-size:10rem}
.answers{padding-inline-start:1.6rem;max-width:52rem}
.answers li{margin-block:.3rem}
.answers a,.steps a{color:inherit;text-underline-offset:.2em}
.listed{white-space:nowrap}
.steps{margin-block-start:1.6rem}
.share{display:inline-block;inline-size:3.5rem;block-size:.6rem;background:var(--chart-line);border-radius:2px;overflow:hidden;vertical-align:baseline}
.share rect{fill:var(--bar)}
.share.against rect{fill:var(--quiet)}
summary{cursor:pointer;margin-block:.8rem}
.right,.wrong{font-weight:650}
@media (forced-colors:active){${FORCED}.legend i::before{content:"ab";font-style:normal}.share rect{fill:CanvasText}.share{border:1px solid CanvasText}.answer .mark{color:LinkText}}
@media print{.why,.token-line,.hint,.steps{display:none}}
`;
