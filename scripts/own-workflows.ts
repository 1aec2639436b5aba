import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureAct, runAct } from '../lab/src/act/index.ts';
import { Git } from './release/git.ts';
import { ReleaseRefusal } from './release/refusal.ts';
import { root } from './workspace.ts';

/** The jobs of this repository's own workflows that need nothing of GitHub's but a checkout, a Node and `gh`. */
export const ownJobs = [
  { workflow: 'ci.yml', job: 'check', eventName: 'push' },
  { workflow: 'release.yml', job: 'rehearse', eventName: 'workflow_dispatch' },
] as const;

type OwnJob = (typeof ownJobs)[number];

const actions = {
  checkout: `
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
const git = (...words) => execFileSync('git', words, { stdio: 'inherit' });
// act has put a copy there.
for (const name of readdirSync('.')) rmSync(name, { recursive: true });
git('clone', '--quiet', process.env.OWN_ORIGIN, '.');
git('checkout', '--quiet', '-B', 'main', process.env.GITHUB_SHA);
`,
  // act takes the Node that runs this, which is that of .nvmrc.
  'setup-node': '',
} as const;

/**
 * Runs one of these jobs, as the commit at HEAD has it, by act in a clone of its own. Stand-ins take the place of checkout,
 * setup-node and `gh`.
 * @throws ReleaseRefusal with the end of what it printed when the job is not green
 */
export async function runOwnJob({ workflow, job, eventName }: OwnJob, log: (text: string) => void): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'own-workflows-'));
  try {
    const repository = join(place, 'clone');
    await new Git(root).run(['clone', '--quiet', '--no-local', root, repository]);
    const mapped = listActions(await new Git(repository).run(['show', `HEAD:.github/workflows/${workflow}`])).map(
      ({ reference, name }) => [reference, writeAction(join(place, name), name)] as const,
    );
    const { jobs, lines } = await runAct({
      act: await ensureAct(),
      repository,
      workflow: `.github/workflows/${workflow}`,
      eventName,
      event: { ref: 'refs/heads/main' },
      job,
      actions: new Map(mapped),
      env: { OWN_ORIGIN: repository, GITHUB_REF: 'refs/heads/main' },
      path: [writeGh(join(place, 'bin')), '/usr/local/bin', '/usr/bin', '/bin'],
      timeoutMs: 40 * 60_000,
    });
    for (const [id, step] of Object.entries(jobs[job]?.steps ?? {}))
      log(`  ${workflow} ${job}: step ${id} ${step.outcome}\n`);
    if (jobs[job]?.outcome === 'success') return;
    throw new ReleaseRefusal([
      `${workflow}, job ${job}: ${jobs[job]?.outcome ?? 'not run'}\n${lines.slice(-40).join('\n')}`,
    ]);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Only these two are known here; any other is left out, and act then fails on it. */
function listActions(text: string): readonly { readonly reference: string; readonly name: keyof typeof actions }[] {
  return [...text.matchAll(/uses: (actions\/(checkout|setup-node)@[0-9a-f]{40})/g)].map(([, reference = '', name]) => ({
    reference,
    name: name === 'checkout' ? 'checkout' : 'setup-node',
  }));
}

function writeAction(folder: string, name: keyof typeof actions): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'action.yml'), `name: ${name}\nruns:\n  using: node24\n  main: index.mjs\n`);
  writeFileSync(join(folder, 'index.mjs'), actions[name]);
  return folder;
}

/** Signs nobody in: the origin is a folder. */
function writeGh(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'gh'), '#!/bin/sh\ntest "$*" = "auth setup-git"\n');
  chmodSync(join(folder, 'gh'), 0o755);
  return folder;
}
