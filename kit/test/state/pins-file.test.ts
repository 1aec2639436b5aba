import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/host/batch.ts';
import { localHost } from '../../src/host/local-host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';
import { commitPinsPart, renderEnvBlock, type EnvBlock } from '../../src/state/pins.ts';

const digest = `shop/api@sha256:${'a'.repeat(64)}`;
const block: EnvBlock = {
  composeFiles: ['compose.yaml'],
  projectName: undefined,
  profiles: [],
  pins: [{ kind: 'env', name: 'API_IMAGE', ref: digest }],
};
const withOverride: EnvBlock = { ...block, pins: [{ kind: 'service', name: 'api', ref: digest }] };

let folder: string;

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const commit = async (wanted: EnvBlock): Promise<void> => {
  await runBatch(localHost(), [commitPinsPart(parseDeployPath(folder), wanted)]);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pins-'));
  mkdirSync(join(folder, '.deploy'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the pins that a release leaves', () => {
  it('stand in a private .env where there was none', async () => {
    await commit(block);
    expect(read('.env')).toBe(renderEnvBlock(block));
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, '.deploy/pins.yaml'))).toBe(false);
  });

  it('take the place of those before, behind what a person wrote, whose mode and last line stay', async () => {
    writeFileSync(join(folder, '.env'), `A='b c'\\n\n${renderEnvBlock(withOverride)}# mine\nLAST=1`, { mode: 0o640 });
    await commit(block);
    expect(read('.env')).toBe(`A='b c'\\n\n# mine\nLAST=1\n${renderEnvBlock(block)}`);
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o640);
  });

  it('of services are an override, which goes with the last of them', async () => {
    await commit(withOverride);
    expect(read('.deploy/pins.yaml')).toContain(digest);
    await commit(block);
    expect(existsSync(join(folder, '.deploy/pins.yaml'))).toBe(false);
  });

  it('are not written by half where not all of them arrive', async () => {
    writeFileSync(join(folder, '.env'), 'A=1\n');
    const part = commitPinsPart(parseDeployPath(folder), block);
    const cut = { ...part, stdin: (part.stdin ?? '').slice(0, 80) };
    await expect(runBatch(localHost(), [cut])).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect(read('.env')).toBe('A=1\n');
  });
});
