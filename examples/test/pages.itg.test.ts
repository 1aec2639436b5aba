import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { locateLab } from '../../lab/src/paths.ts';
import { startCloudflare, type CloudflareScript } from './cloudflare.ts';
import { ensureWrangler } from './site-tools.ts';

const run = promisify(execFile);
const token = 'cf-token-never-to-be-seen';
const repository = mkdtempSync(join(tmpdir(), 'sites-'));

beforeAll(async () => {
  cpSync(join(import.meta.dirname, '../promote-by-sha/tools/pages'), join(repository, 'tools/pages'), {
    recursive: true,
  });
  mkdirSync(join(repository, 'site'));
  writeFileSync(join(repository, 'site/version.json'), '{"git_sha":"abc1234"}');
  const wrangler = await ensureWrangler({ paths: locateLab() });
  symlinkSync(join(wrangler, 'node_modules'), join(repository, 'tools/pages/node_modules'));
});

afterAll(() => {
  rmSync(repository, { recursive: true, force: true });
});

interface Deployed {
  readonly code: number;
  readonly log: string;
  readonly outputs: string;
  readonly forms: readonly string[];
}

/** The step Deploy of the workflows, with the pinned wrangler, against a scripted Cloudflare. */
async function deploy(
  script: Partial<CloudflareScript>,
  env: Readonly<Record<string, string>> = {},
): Promise<Deployed> {
  await using cloudflare = await startCloudflare({ token, productionBranch: 'main', ...script });
  const output = join(repository, 'output');
  writeFileSync(output, '');
  const inputs = {
    CLOUDFLARE_API_TOKEN: token,
    CLOUDFLARE_ACCOUNT_ID: 'acc0',
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    PAGES_PROJECT: 'site',
    PAGES_BRANCH: 'main',
    PAGES_ENVIRONMENT: 'production',
    GIT_SHA: 'a'.repeat(40),
    GITHUB_OUTPUT: output,
    HOME: repository,
    PATH: process.env['PATH'] ?? '',
    ...env,
  };
  const result = await run(process.execPath, ['tools/pages/deploy.mjs', 'site'], { cwd: repository, env: inputs }).then(
    ({ stdout, stderr }) => ({ code: 0, log: stdout + stderr }),
    (thrown: unknown) => {
      const { code, stdout, stderr } = thrown as { code: number; stdout: string; stderr: string };
      return { code, log: stdout + stderr };
    },
  );
  expect(result.log).not.toContain(token);
  return { ...result, outputs: readFileSync(output, 'utf8'), forms: [...cloudflare.deployments] };
}

/** Production, preview and an unknown status: promote-by-sha-sites.act.test.ts. */
describe('a site on Cloudflare Pages', () => {
  it('fails when a preview became the production deployment', async () => {
    const { code, log } = await deploy(
      { productionBranch: 'preview-x' },
      { PAGES_BRANCH: 'preview-x', PAGES_ENVIRONMENT: 'preview' },
    );
    expect(code).toBe(1);
    expect(log).toContain('became production, not preview');
  });

  it('fails where there is no such project, and makes none', async () => {
    const { code, forms } = await deploy({ productionBranch: undefined });
    expect(code).toBe(1);
    expect(forms).toEqual([]);
  });

  it('fails with a token that Cloudflare does not take', async () => {
    const { code, log, forms } = await deploy({}, { CLOUDFLARE_API_TOKEN: 'another' });
    expect(code).toBe(1);
    expect(log).toContain('Authentication error');
    expect(forms).toEqual([]);
  });

  it('fails when the deployment fails on their side', async () => {
    const { code, outputs } = await deploy({ deployStage: 'failure' });
    expect(code).toBe(1);
    expect(outputs).toBe('');
  });

  it('names the setting that is missing before wrangler is started', async () => {
    const { code, log } = await deploy({}, { PAGES_PROJECT: '' });
    expect(code).toBe(1);
    expect(log).toContain('::error::PAGES_PROJECT is empty');
  });
});
