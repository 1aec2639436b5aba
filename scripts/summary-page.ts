import { marked } from 'marked';

/** One of GitHub's two themes: the colours that its Markdown uses. */
export interface PageTheme {
  readonly name: 'light' | 'dark';
  readonly text: string;
  readonly page: string;
  readonly line: string;
  readonly quiet: string;
  readonly code: string;
  readonly link: string;
}

export const themes: readonly PageTheme[] = [
  {
    name: 'light',
    text: '#1f2328',
    page: '#ffffff',
    line: '#d1d9e0',
    quiet: '#f6f8fa',
    code: '#818b981f',
    link: '#0969da',
  },
  {
    name: 'dark',
    text: '#f0f6fc',
    page: '#0d1117',
    line: '#3d444d',
    quiet: '#151b23',
    code: '#656c7633',
    link: '#4493f8',
  },
];

/** A job summary's Markdown as a page that looks as GitHub shows it. Its title is its height in pixels once it is laid out. */
export function renderPage(markdown: string, { text, page, line, quiet, code, link }: PageTheme): string {
  return `<!doctype html>
<meta charset="utf-8">
<style>
  body { margin: 0; padding: 24px; width: 852px; box-sizing: border-box; color: ${text}; background: ${page};
    font: 14px/1.5 'Noto Sans', 'DejaVu Sans', sans-serif; }
  h1, h2, h3, h4 { line-height: 1.25; margin: 0 0 12px; }
  h3 { font-size: 18px; }
  a { color: ${link}; }
  table { border-collapse: collapse; margin: 0 0 16px; }
  th, td { border: 1px solid ${line}; padding: 6px 12px; text-align: left; vertical-align: top; }
  tr:nth-child(2n) td { background: ${quiet}; }
  code { background: ${code}; border-radius: 6px; padding: 2px 5px; font: 12px 'Noto Sans Mono', 'DejaVu Sans Mono', monospace;
    overflow-wrap: anywhere; }
  pre { background: ${quiet}; border-radius: 6px; padding: 12px; overflow: hidden; }
  pre code { background: none; padding: 0; white-space: pre-wrap; }
  blockquote { border-left: 4px solid ${line}; margin: 0 0 16px; padding: 0 16px; }
</style>
${marked.parse(markdown, { async: false, gfm: true })}
<script>document.title = String(Math.ceil(document.documentElement.getBoundingClientRect().height));</script>
`;
}
