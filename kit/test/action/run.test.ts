import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const room = fileURLToPath(new URL('../../src/action/run.ts', import.meta.url));

it('a step ends when its log is out, however late the runner reads it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  const step = join(folder, 'step.ts');
  const lines = 20;
  writeFileSync(
    step,
    `import { writeFileSync } from 'node:fs';
    import { runStep } from ${JSON.stringify(room)};
    void runStep(async ({ runner }) => {
      for (let line = 0; line < ${lines}; line++) runner.info('x'.repeat(49_999));
      runner.info('the end');
      writeFileSync(${JSON.stringify(join(folder, 'said'))}, '');
    });`,
  );
  // A pipe of the shell, as a runner's is; nobody reads it before the step has said all.
  const script = `"$1" "$2" | { while [ ! -e "$3" ]; do sleep 0.05; done; cat; }`;
  const log = execFileSync('sh', ['-c', script, 'sh', process.execPath, step, join(folder, 'said')], {
    maxBuffer: 8 * 1024 * 1024,
  }).toString();
  rmSync(folder, { recursive: true });
  expect([log.length, log.trimEnd().split('\n').at(-1)]).toEqual([lines * 50_000 + 'the end\n'.length, 'the end']);
});
