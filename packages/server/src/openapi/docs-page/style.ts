/** The stylesheet. It is a separate file, because the page's Content-Security-Policy forbids inline styles. */
export const style = `:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #16181d);
  --raised: light-dark(#f5f6f8, #1f2229);
  --line: light-dark(#dfe2e8, #343943);
  --text: light-dark(#1b1e24, #e4e7ec);
  --quiet: light-dark(#5b6270, #a0a8b6);
  --accent: light-dark(#0b5cad, #7db8f7);
  --get: light-dark(#17663a, #7fd6a4);
  --post: light-dark(#0b5cad, #7db8f7);
  --delete: light-dark(#a3261c, #f39a92);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0;
  display: grid;
  grid-template-columns: 19rem minmax(0, 1fr);
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif;
}
code, pre { font: 0.875em/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--raised); z-index: 1; }

nav {
  position: sticky;
  top: 0;
  height: 100vh;
  overflow-y: auto;
  padding: 1.5rem 1rem 2rem 1.5rem;
  border-right: 1px solid var(--line);
  background: var(--raised);
}
nav h2 { margin: 1.25rem 0 0.25rem; font-size: 0.8125rem; }
nav h2:first-child { margin-top: 0; }
nav h2 a { color: var(--quiet); text-decoration: none; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: flex; align-items: baseline; gap: 0.5rem; padding: 0.2rem 0; color: var(--text); text-decoration: none; }
nav li code { overflow-wrap: anywhere; }
nav a:hover { color: var(--accent); }

main { width: 100%; max-width: 60rem; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
main h2 { margin: 3rem 0 0; padding-top: 1.5rem; border-top: 1px solid var(--line); font-size: 1.375rem; }
h3 { margin: 0; font-size: 1rem; display: flex; align-items: baseline; gap: 0.6rem; flex-wrap: wrap; }
h3 code { font-size: 1rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 0.25rem; font-size: 0.875rem; color: var(--quiet); }
p { margin: 0.5rem 0; max-width: 68ch; }
article { margin-top: 1.75rem; padding: 1.25rem; border: 1px solid var(--line); border-radius: 8px; }
article:target { border-color: var(--accent); }
.summary { font-weight: 600; }

.method { font: 700 0.6875rem/1.4 ui-monospace, Menlo, Consolas, monospace; color: var(--quiet); min-width: 2.6rem; }
.method.get { color: var(--get); }
.method.post { color: var(--post); }
.method.delete { color: var(--delete); }

pre {
  margin: 0.75rem 0;
  padding: 0.75rem 1rem;
  overflow-x: auto;
  background: var(--raised);
  border: 1px solid var(--line);
  border-radius: 6px;
}
details { margin-top: 0.5rem; }
summary { cursor: pointer; color: var(--quiet); font-size: 0.875rem; width: fit-content; }
summary:hover { color: var(--accent); }
.part > summary { font-weight: 600; color: var(--text); font-size: 0.9375rem; }

.fields, .forms { list-style: none; margin: 0.5rem 0 0; padding: 0; }
.fields > li { padding: 0.6rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.fields > li > * { margin-right: 0.4rem; }
.fields .fields, .forms > li { margin-left: 0.25rem; padding-left: 1rem; border-left: 2px solid var(--line); }
.forms > li + li { margin-top: 1rem; }
.forms > li > .fields { margin: 0; padding: 0; border: 0; }
.fields > li:first-child { border-top: 0; }
.name { font-weight: 700; }
.type, .bounds { color: var(--quiet); font-size: 0.875rem; }
.type code, .bounds code { color: var(--text); }
.type i { font-style: normal; }
.required { color: var(--delete); font-size: 0.8125rem; }
.bounds::before { content: "· "; }
.meaning { margin-top: 0.15rem; max-width: 68ch; }
table { border-collapse: collapse; margin-top: 0.5rem; }
th, td { padding: 0.35rem 1rem 0.35rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
tr:first-child > * { border-top: 0; }

@media (max-width: 52rem) {
  body { display: block; }
  nav { position: static; height: auto; padding: 1rem; border-right: 0; border-bottom: 1px solid var(--line); columns: 15rem; }
  nav h2, nav ul { break-inside: avoid; }
  nav h2 { break-after: avoid; }
  main { padding-top: 1.5rem; }
  article { padding: 1rem; }
}
@media print {
  nav, .skip { display: none; }
  body { display: block; }
}
`
