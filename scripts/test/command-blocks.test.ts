import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCommandBlocks, listCommandBlocks, readCommandBlock } from '../command-blocks.ts';
import { record } from '../metadata.ts';
import { root } from '../workspace.ts';

const blocks = listCommandBlocks();
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the blocks of commands in the documents', () => {
  test('are each run by a test, or marked as illustrative', () => {
    const open = blocks.filter(({ proof }) => proof === undefined);
    expect(open.map(({ document, line }) => `${document}:${String(line)}`)).toEqual([]);
    expect(blocks.length).toBeGreaterThan(8);
  });

  test('that are marked as run are read by a test, by that name', () => {
    const tests = globSync('{scripts,lab,examples,demo,bench,kit,action-*}/test/**/*.test.ts', { cwd: root })
      .map(read)
      .join('\n');
    const names = blocks.flatMap(({ proof }) => (proof?.kind === 'run' ? [proof.name] : []));
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !tests.includes(`readCommandBlock('${name}')`))).toEqual([]);
  });

  test('name only npm scripts that exist, illustrative ones too', () => {
    const scripts = Object.keys(record(record(JSON.parse(read('package.json')))['scripts']));
    const missing = blocks.flatMap(({ document, text }) =>
      [...text.matchAll(/\bnpm run (?:--\w+ )*([\w:-]+)/g)]
        .map(([, script = '']) => script)
        .filter((script) => !scripts.includes(script))
        .map((script) => `${document}: npm run ${script}`),
    );
    expect(missing).toEqual([]);
  });
});

/** .ci/run is what the whole run does: a test that ran it would run itself. */
test.each([
  ['demo', readCommandBlock('demo')],
  ['npm test', readCommandBlock('npm test')],
])('the block %s is what .ci/run runs', (_name, block) => {
  const steps = read('.ci/run');
  const commands = block.trim().split(' && ');
  expect(commands).toHaveLength(2);
  for (const command of commands) expect(steps).toMatch(new RegExp(`^(step|  )\\s*${command}\\b`, 'm'));
});

test('the block that reads the record on the server finds the last one, and all of one release and of no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'record-'));
  try {
    const line = (release: number, what: string): string => JSON.stringify({ what, release, actor: what });
    writeFileSync(join(folder, 'audit.1.jsonl'), `${line(12, 'deployed')}\n${line(120, 'reported')}\n`);
    writeFileSync(join(folder, 'audit.jsonl'), `${line(12, 'reported')}\n${line(13, 'deployed')}\n`);
    const typed = readCommandBlock('read the record').replace('/srv/shop/.deploy', folder);
    const said = execFileSync('sh', ['-c', typed], { encoding: 'utf8' });
    expect(said.trim().split('\n')).toEqual([line(12, 'reported'), line(12, 'deployed'), line(12, 'reported')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('finding them', () => {
  test('takes the comment before a block, and the indent of a list away', () => {
    const text = [
      ...['<!-- run: one -->', '', '```sh', 'echo 1', '```', '- item', '', '  <!-- illustrative -->', '  ```console'],
      ...['  $ two', '    3', '  ```', 'Text', '```bash', 'four', '```', '```yaml', 'a: 1', '```', ''],
    ].join('\n');
    expect(findCommandBlocks('a.md', text)).toEqual([
      { document: 'a.md', line: 3, text: 'echo 1\n', proof: { kind: 'run', name: 'one' } },
      { document: 'a.md', line: 9, text: '$ two\n  3\n', proof: { kind: 'illustrative' } },
      { document: 'a.md', line: 14, text: 'four\n', proof: undefined },
    ]);
  });

  test('a block that nobody marked, or two did, cannot be run', () => {
    expect(() => readCommandBlock('no such block')).toThrow('0 blocks are marked run: no such block');
  });
});
