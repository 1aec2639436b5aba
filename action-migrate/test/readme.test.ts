import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputReader } from '@deploy-actions/kit/action/inputs';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadInputs, type Inputs } from '../src/inputs.ts';
import { image } from './builder.ts';

const read = (file: string): string => readFileSync(join(import.meta.dirname, '..', file), 'utf8');

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});

const inputs = fieldsOf(fieldsOf(parse(read('action.yml')))['inputs']);
const defaults = Object.fromEntries(
  Object.entries(inputs).map(([name, input]) => {
    const value = fieldsOf(input)['default'];
    return [name, typeof value === 'string' ? value : ''] as const;
  }),
);

/** What a job would put in place of an expression. */
function evaluate(text: string): string {
  return text
    .replaceAll('${{ steps.images.outputs.images }}', `API_IMAGE=${image}`)
    .replaceAll('${{ secrets.DATABASE_URL }}', 'postgres://shop:secret@db.example/shop')
    .replaceAll(/\$\{\{ [^}]* \}\}/g, 'x');
}

/** The inputs of each snippet: those of a step, or lines that stand below `with`. */
const snippets = [...read('README.md').matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, text = '']): readonly Fields[] => {
  const content: unknown = parse(text);
  if (Array.isArray(content))
    return content
      .map(fieldsOf)
      .filter(({ uses }) => String(uses).includes('/action-migrate@'))
      .map((step) => fieldsOf(step['with']));
  const fields = fieldsOf(content);
  return 'services' in fields ? [] : [fields];
});

/** The inputs as the action reads them, on the runner itself: no key is needed there. */
function load(snippet: Fields): Inputs {
  const typed = Object.entries(snippet).map(([name, value]) => [name, evaluate(String(value))] as const);
  const service = 'sql-files' in snippet ? {} : { service: 'migrate' };
  const local = { host: 'local', user: '', 'ssh-private-key': '', 'known-hosts': '', 'deploy-path': '/srv/shop' };
  return loadInputs(inputReader(fakeRunner({ ...defaults, ...service, ...Object.fromEntries(typed), ...local })));
}

describe('the snippets of the README', () => {
  it('are all looked at', () => {
    expect(snippets.length).toBeGreaterThanOrEqual(9);
  });

  it.each(snippets.map((snippet) => [Object.keys(snippet).join(', '), snippet] as const))(
    'name inputs of the action, with values that it takes: %s',
    (_names, snippet) => {
      expect(Object.keys(snippet).filter((name) => !(name in inputs))).toEqual([]);
      const loaded = load(snippet);
      expect(loaded.sqlFiles.length + loaded.commands.length).toBeGreaterThan(0);
    },
  );

  it('tell how a database is named in words that the action takes', () => {
    const rows = [...read('README.md').matchAll(/^\| .*?\| (`(?:database|client)-[^|]*)\|$/gm)];
    const named = rows.map(([, cell = '']) =>
      Object.fromEntries(
        [...cell.matchAll(/`([a-z-]+): ([^`]*)`/g)].map(([, name = '', value = '']) => [
          name,
          value === '…' ? 'true' : value,
        ]),
      ),
    );
    expect(named).toHaveLength(5);
    for (const row of named) expect(load({ commands: 'true', ...row }).database).toBeDefined();
  });
});
