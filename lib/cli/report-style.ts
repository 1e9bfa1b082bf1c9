/**
 * The style of a report.
 *
 * @module
 */

/** The style sheet: light or dark as in the reader's system, and suitable for print. */
export const STYLE = `
:root {
  --page: #f6f7f9; --card: #ffffff; --ink: #1c2430; --muted: #667085; --grid: #e4e7ec;
  --first: #d9480f; --second: #4c7db8; --highlight: #fff4ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2029; --ink: #e8ecf2; --muted: #98a2b3; --grid: #2c3542;
    --first: #ff9457; --second: #6aa5e8; --highlight: #2b221c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 48px 20px 64px; }
header { margin-bottom: 28px; }
.over { margin: 0; color: var(--muted); letter-spacing: .08em; text-transform: uppercase; font-size: 13px; }
h1 { overflow-wrap: anywhere; margin: 4px 0 8px; font-size: 32px; line-height: 1.2; letter-spacing: -.01em; }
h1 code { font: inherit; color: var(--first); }
h2 { margin: 0 0 8px; font-size: 19px; }
p { margin: 0 0 12px; color: var(--muted); max-width: 68ch; }
.lead { font-size: 18px; }
.lead strong { color: var(--ink); }
section {
  background: var(--card); border: 1px solid var(--grid); border-radius: 12px;
  padding: 22px 24px; margin-top: 20px; break-inside: avoid;
}
figure { margin: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 2px 20px; margin-bottom: 8px; font-size: 14px; }
.axis { flex: 1 1 auto; color: var(--muted); overflow-wrap: anywhere; }
.key { white-space: nowrap; }
.line, .dot { display: inline-block; margin-right: 7px; vertical-align: middle; print-color-adjust: exact; }
.line { width: 18px; height: 4px; border-radius: 2px; }
.dot { width: 10px; height: 10px; border-radius: 50%; }
.first { background: var(--first); }
.second { background: var(--second); }
figure svg { display: none; width: 100%; height: auto; }
figure .wide { display: block; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 9px 12px; text-align: right; border-top: 1px solid var(--grid); font-weight: 400; }
thead th { border-top: 0; color: var(--muted); font-size: 14px; }
th:first-child { text-align: left; }
.model th, .model td { background: var(--highlight); font-weight: 650; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 24px; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
/* Each version of a drawing shows where its text is neither much smaller nor larger than the page's. */
@media (max-width: 880px) {
  figure .wide { display: none; }
  figure .middle { display: block; }
}
@media (max-width: 600px) {
  figure .middle { display: none; }
  figure .narrow { display: block; }
  main { padding: 32px 12px 48px; }
  h1 { font-size: 26px; }
  th, td { padding: 8px 6px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
  section { padding: 16px; }
}
@media print { body { background: none; } main { padding: 0; } }
`
