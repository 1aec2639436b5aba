import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureAct, runAct } from '../../lab/src/act/index.ts';
import { Git } from '../release/git.ts';
import { readIdentity } from '../release/identity.ts';
import { refuseIfAny, ReleaseRefusal } from '../release/refusal.ts';
import { listActions, root } from '../workspace.ts';
import { findReleaseGaps } from './release-log.ts';

/** A repository on "GitHub": a bare one that the jobs clone from and push to, and a clone in which act finds the workflows. */
interface Place {
  readonly origin: Git;
  readonly clone: Git;
  /** What the stand-ins were asked for, line by line. */
  readonly log: string;
  readonly say: (text: string) => void;
}

const standIns = join(import.meta.dirname, 'stand-ins');
/** What an `npm ci` on this machine needs besides a network: where its registry is, and whom to believe. */
const passedOn = /^(npm_config_(userconfig|globalconfig|cache|registry)|NODE_EXTRA_CA_CERTS|(https?|no)_proxy)$/i;
/** The longest builds every bundle four times. */
const timeoutMs = 90 * 60_000;

/**
 * Runs, by act and as the commit at HEAD has them, the jobs of this repository's own workflows that check a commit.
 * @throws ReleaseRefusal with the end of what a job printed when it is not green
 */
export async function runOwnChecks(say: (text: string) => void): Promise<void> {
  await inPlace(say, async (place) => {
    await runWorkflow(place, { workflow: 'check-dist.yml', job: 'check-dist', eventName: 'push' });
    await runWorkflow(place, { workflow: 'ci.yml', job: 'check', eventName: 'push' });
  });
}

/**
 * Releases HEAD by this repository's own workflows, run by act: version.yml, a merge of its branch, then the three jobs of
 * release.yml. What they push goes to a bare repository; `gh` and actions/attest have stand-ins that write down what is asked.
 * @throws ReleaseRefusal when a job is not green, or a tag, a GitHub release, an archive or a bill of materials is missing
 */
export async function runOwnRelease(say: (text: string) => void): Promise<void> {
  await inPlace(say, async (place) => {
    const { origin, clone, log } = place;
    await runWorkflow(place, { workflow: 'version.yml', eventName: 'push' });
    if (await origin.test(['rev-parse', '--verify', '--quiet', 'release/versions'])) {
      refuseIfAny(
        readLog(log).some((line) => line.startsWith('gh pr create ')) ? [] : ['version.yml opened no pull request'],
      );
      await origin.run(['update-ref', 'refs/heads/main', 'release/versions']);
      await clone.run(['pull', '--quiet', '--ff-only', 'origin', 'main']);
    }
    await runWorkflow(place, { workflow: 'release.yml', eventName: 'workflow_dispatch' });
    const tags = await origin.lines(['for-each-ref', '--format=%(refname:strip=2)', 'refs/tags']);
    say(`  tags: ${tags.join(', ')}\n`);
    refuseIfAny(findReleaseGaps({ actions: listActions(), tags, log: readLog(log) }));
  });
}

async function inPlace(say: Place['say'], work: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'own-workflows-'));
  try {
    const here = new Git(root);
    const [origin, clone] = [join(folder, 'origin.git'), join(folder, 'clone')];
    await here.run(['init', '--quiet', '--bare', '--initial-branch=main', origin]);
    await here.run(['push', '--quiet', origin, 'HEAD:refs/heads/main']);
    await here.run(['clone', '--quiet', origin, clone]);
    await work({ origin: new Git(origin), clone: new Git(clone), log: join(folder, 'log'), say });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLog(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

interface OwnRun {
  readonly workflow: string;
  readonly eventName: string;
  /** Alone; default: all. */
  readonly job?: string;
}

async function runWorkflow({ origin, clone, log, say }: Place, { workflow, eventName, job }: OwnRun): Promise<void> {
  const path = `.github/workflows/${workflow}`;
  const { owner, slug } = readIdentity(clone.folder);
  const { jobs, lines, exitCode } = await runAct({
    act: await ensureAct(),
    repository: clone.folder,
    workflow: path,
    eventName,
    event: { ref: 'refs/heads/main' },
    ...(job === undefined ? {} : { job }),
    actions: mapActions(readFileSync(join(clone.folder, path), 'utf8')),
    env: {
      OWN_ORIGIN: origin.folder,
      OWN_LOG: log,
      GITHUB_REF: 'refs/heads/main',
      GITHUB_REPOSITORY: slug,
      GITHUB_REPOSITORY_OWNER: owner,
    },
    runnerEnv: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value = '']) => (passedOn.test(name) ? [[name, value]] : [])),
    ),
    path: [
      join(standIns, 'bin'),
      ...(process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules')),
    ],
    timeoutMs,
  });
  for (const [id, { outcome }] of Object.entries(jobs)) say(`  ${workflow} ${id}: ${outcome}\n`);
  const isGreen = exitCode === 0 && Object.values(jobs).every(({ outcome }) => outcome === 'success');
  if (isGreen && Object.keys(jobs).length > 0) return;
  throw new ReleaseRefusal([`${workflow} is not green:\n${lines.slice(-60).join('\n')}`]);
}

/** The references that a workflow uses, each to what stands in for it. */
function mapActions(text: string): ReadonlyMap<string, string> {
  const references = [...text.matchAll(/uses: (([\w.-]+\/[\w.-]+)@[0-9a-f]{40})/g)];
  return new Map(references.map(([, reference = '', name = '']) => [reference, join(standIns, name)]));
}
