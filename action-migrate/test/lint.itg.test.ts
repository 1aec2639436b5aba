import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureImages } from '../../lab/src/index.ts';
import { makeTarget, migrate, oneOffs, ran, removeTarget, stateFile } from './server.ts';

it('reviews what a command in the image prints, runs nothing that is unsafe, and records what was accepted', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
  const target = await makeTarget(await ensureImages('small'), workspace);
  const inputs = {
    commands: `sh -c 'echo one >> /data/ran'`,
    'lint-command': `sh -c 'echo "ALTER TABLE o DROP COLUMN note;"; echo "DROP TABLE talk" >&2'`,
  };
  const refused = await migrate(target, inputs, { runId: '901' });
  expect(refused.outputs).toMatchObject({ 'error-code': 'LINT_FAILED', status: 'refused', reversible: 'false' });
  expect(refused.summary).toContain('ban-drop-column o.note <reason>');
  expect(refused.summary).not.toContain('Drops the table');
  expect(await ran(target)).toEqual([]);

  const acknowledge = 'ban-drop-column o.note nobody reads it any more';
  const accepted = await migrate(target, { ...inputs, acknowledge }, { runId: '902' });
  expect(accepted.outputs).toMatchObject({ status: 'applied', reversible: 'false' });
  expect(await ran(target)).toEqual(['one']);
  expect(JSON.parse((await stateFile(target, 'migration.json')) ?? '')).toMatchObject({
    reversible: false,
    acknowledged: [{ rule: 'ban-drop-column', object: 'o.note', reason: 'nobody reads it any more' }],
  });
  expect(await oneOffs(target)).toEqual([]);
  await removeTarget(target);
  rmSync(workspace, { recursive: true });
});
