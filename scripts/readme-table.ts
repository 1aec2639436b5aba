import type { Interface } from './metadata.ts';

/** The sections of a README that are generated, each between `<!-- name -->` and `<!-- /name -->`. */
export const sections = ['inputs', 'outputs'] as const;
export type Section = (typeof sections)[number];

/** The Markdown table of a section. */
export function renderTable(section: Section, action: Interface): string {
  return section === 'inputs' ? renderInputs(action) : renderOutputs(action);
}

/**
 * Puts the tables of an action.yml into the text of its README.
 * @throws Error when a section's markers are missing
 */
export function fillReadme(readme: string, action: Interface): string {
  return sections.reduce((text, section) => fillSection(text, section, renderTable(section, action)), readme);
}

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->`.
 * @throws Error when the markers are missing
 */
export function fillSection(text: string, section: string, content: string): string {
  const [open, close] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start === -1 || end < start) throw new Error(`the markers ${open} and ${close} are missing`);
  return `${text.slice(0, start + open.length)}\n\n${content}\n${text.slice(end)}`;
}

function renderInputs(action: Interface): string {
  const rows = Object.entries(action.inputs).map(([name, input]) => [
    `\`${name}\``,
    escapeCell(input.description) + (input.required ? ' **Required.**' : ''),
    input.default === undefined || input.default === '' ? '' : inlineCode(input.default),
  ]);
  return renderRows(['Input', 'Description', 'Default'], rows);
}

function renderOutputs(action: Interface): string {
  const rows = Object.entries(action.outputs).map(([name, output]) => [`\`${name}\``, escapeCell(output.description)]);
  return renderRows(['Output', 'Description'], rows);
}

/** A Markdown table; prettier aligns it. */
export function renderRows(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'None.\n';
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n') + '\n';
}

/** A text of an action.yml as a cell. */
export function escapeCell(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');
}

function inlineCode(text: string): string {
  return `\`${text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')}\``;
}
