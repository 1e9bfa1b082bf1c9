/**
 * The style of a page.
 *
 * @module
 */

/**
 * The colours of Okabe and Ito, which people with any colour vision can tell apart, darker on light pages so that thin lines
 * have contrast. Line 0 is the model.
 */
const LIGHT = `
  color-scheme: light;
  --page: #f5f6f8; --card: #ffffff; --ink: #1b2330; --muted: #566072; --grid: #e3e7ed; --edge: #8a94a3;
  --highlight: #fff1e8; --best: #00674b; --link: #0059a8;
  --truth: #3a4a60; --other: #d89a74;
  --line-0: #c04a00; --line-1: #0072b2; --line-2: #008560; --line-3: #b0508a;
  --line-4: #8a6d00; --line-5: #2f8fc4; --line-6: #5b5b5b; --line-7: #7a4fd0;`

const DARK = `
  color-scheme: dark;
  --page: #11151b; --card: #191f28; --ink: #e9edf3; --muted: #a6b0c0; --grid: #2b3441; --edge: #77839a;
  --highlight: #2c231c; --best: #4fd0a5; --link: #7dbcf5;
  --truth: #c3cede; --other: #8a5a3c;
  --line-0: #ff8f4d; --line-1: #56b4e9; --line-2: #2fc79a; --line-3: #e28fbd;
  --line-4: #e8c547; --line-5: #9ad0f5; --line-6: #b8b8b8; --line-7: #b39bff;`

/** The style sheet: light or dark as in the reader's system or as chosen, and suitable for print. */
export const STYLE = `
:root {${LIGHT}
}
@media (prefers-color-scheme: dark) { :root {${DARK}
} }
:root[data-theme=light] {${LIGHT}
}
:root[data-theme=dark] {${DARK}
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
header, main { max-width: 1080px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 32px; }
main { padding-bottom: 64px; }
.bar-top { display: flex; flex-wrap: wrap; gap: 4px 20px; justify-content: space-between; align-items: center; }
.over { margin: 0; color: var(--muted); font-size: 14px; flex: 1 1 200px; min-width: 0; }
h1 { margin: 8px 0 14px; font-size: 30px; line-height: 1.2; letter-spacing: -.01em; }
h1 .name { color: var(--line-0); unicode-bidi: isolate; }
h2 { margin: 0 0 8px; font-size: 20px; line-height: 1.3; }
h3 { margin: 20px 0 6px; font-size: 16px; }
p { margin: 0 0 12px; color: var(--muted); max-width: 72ch; }
.verdict { margin: 0 0 6px; color: var(--ink); font-size: 17px; }
.note, .fallback { font-size: 14px; }
.note { margin-top: 10px; }
a { color: var(--link); }
nav { margin: 18px 0 0; font-size: 14px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; list-style: none; }
section {
  background: var(--card); border: 1px solid var(--grid); border-radius: 10px;
  padding: 20px 22px; margin-top: 18px; scroll-margin-top: 8px;
}
.chart { min-width: 0; margin: 4px 0 8px; }
.fallback { border: 1px dashed var(--edge); border-radius: 8px; padding: 12px 14px; margin: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 24px; }
.choices { display: flex; flex-wrap: wrap; gap: 8px 18px; margin: 4px 0 10px; }
.control { display: inline-flex; align-items: center; gap: 6px; font-size: 14px; max-width: 100%; min-width: 0; }
.control > span { flex: none; }
.drawing { margin: 0 0 8px; min-width: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 6px 20px; justify-content: space-between; align-items: center; margin-bottom: 4px; font-size: 14px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; flex: 1 1 260px; min-width: 0; }
.unit { color: var(--muted); }
.key { display: inline-flex; align-items: center; }
.swatch { flex: none; display: inline-block; width: 16px; height: 4px; border-radius: 2px; margin-right: 6px; vertical-align: middle; print-color-adjust: exact; }
.swatch.area { height: 12px; opacity: .35; }
.tools { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 6px; }
select, button {
  font: inherit; font-size: 14px; color: var(--ink); background: var(--card);
  border: 1px solid var(--edge); border-radius: 6px; padding: 3px 9px; min-height: 30px; max-width: 100%;
}
select { min-width: 0; text-overflow: ellipsis; }
button { cursor: pointer; }
button:disabled { color: var(--edge); border-color: var(--grid); cursor: default; }
input[type=checkbox] { width: 16px; height: 16px; margin: 0; accent-color: var(--line-1); }
:focus-visible { outline: 3px solid var(--line-1); outline-offset: 2px; }
.stage { position: relative; overflow: hidden; border-radius: 4px; }
.u-select { background: var(--line-1); opacity: .18; }
.u-hz .u-cursor-x, .u-vt .u-cursor-y { border-color: var(--edge); }
.readout {
  position: absolute; z-index: 5; pointer-events: none; max-width: min(300px, 75%);
  background: var(--card); border: 1px solid var(--edge); border-radius: 6px; padding: 6px 10px;
  font-size: 13px; line-height: 1.45; font-variant-numeric: tabular-nums; box-shadow: 0 2px 8px #0003;
}
.readout[hidden] { display: none; }
.readout-title { color: var(--muted); }
table { border-collapse: collapse; width: 100%; margin: 6px 0 14px; font-variant-numeric: tabular-nums; font-size: 15px; }
caption { text-align: left; color: var(--muted); font-size: 14px; padding: 6px 0; }
th, td { padding: 7px 10px; text-align: right; border-top: 1px solid var(--grid); font-weight: 400; vertical-align: top; }
thead th { border-top: 0; color: var(--muted); font-size: 14px; vertical-align: bottom; }
th:first-child { text-align: left; padding-left: 8px; unicode-bidi: isolate; }
td, thead th { overflow-wrap: normal; }
td:not(.words) { white-space: nowrap; }
.words, th:first-child { overflow-wrap: anywhere; }
.whole { white-space: nowrap; }
.marked th, .marked td { background: var(--highlight); }
.marked th { font-weight: 650; }
.best { font-weight: 700; color: var(--best); }
.best > span::before { content: "\\2605\\00a0"; font-size: 12px; }
.bar { display: inline-block; width: 96px; height: 10px; margin-right: 10px; fill: var(--line-1); background: var(--grid); border-radius: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(120px, max-content) minmax(0, 1fr); gap: 5px 24px; margin: 0; font-size: 15px; }
dt { color: var(--muted); max-width: 300px; }
dd { margin: 0; }
ul { margin: 0 0 12px; padding-left: 22px; }
details { margin: 8px 0; }
summary { cursor: pointer; font-size: 15px; }
#links a { display: inline-block; margin-right: 18px; }
@media (max-width: 720px) {
  header { padding: 20px 12px 0; }
  main { padding: 0 12px 40px; }
  section { padding: 16px 14px; }
  h1 { font-size: 24px; }
  .pair { grid-template-columns: minmax(0, 1fr); }
  .stack, .stack tbody, .stack tr, .stack td, .stack tbody th { display: block; }
  .stack caption { display: block; }
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack tr { border-top: 1px solid var(--grid); padding: 6px 8px; }
  .stack tbody th, .stack td { border: 0; padding: 2px 0; background: none; }
  .stack tbody th { font-weight: 650; }
  .stack td { display: flex; justify-content: space-between; gap: 12px; }
  .stack td > span { overflow-wrap: anywhere; min-width: 0; }
  .stack td::before { overflow-wrap: anywhere; min-width: 30%; white-space: normal; content: attr(data-head); color: var(--muted); text-align: left; font-weight: 400; flex: 0 1 auto; }
  .stack td > span { flex: 0 1 auto; text-align: right; }
  .stack .marked { background: var(--highlight); }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print {
  body { background: none; }
  section { break-inside: avoid; }
  nav, .tools, .choices, #appearance, #downloads { display: none; }
}
`
