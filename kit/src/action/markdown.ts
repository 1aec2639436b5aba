/** Escapes a text for a cell of a Markdown table in the job summary: no markup, no HTML, no line breaks, no pipes. */
export function cell(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('|', '\\|')
    .replaceAll(/[`*_[\]]/g, (mark) => `\\${mark}`)
    .replaceAll(/\s*\r?\n\s*/g, ' ');
}

/** Inline code for a cell; the text may hold backticks. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const padding = longest > 0 ? ' ' : '';
  return `${fence}${padding}${text.replaceAll('|', '\\|').replaceAll(/\s*\r?\n\s*/g, ' ')}${padding}${fence}`;
}

/** A Markdown table; cells are Markdown already (use {@link cell} or {@link code} for foreign text). */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n') + '\n';
}

/** A fenced block for evidence: the fence is longer than any run of backticks inside. */
export function block(lines: readonly string[]): string {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}\n`;
}
