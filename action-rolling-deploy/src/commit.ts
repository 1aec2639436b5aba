import { describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import { parseContainers, type Container } from '@deploy-actions/kit/compose/container';
import { listContainersPart } from '@deploy-actions/kit/compose/docker-cli';
import { runBatch, type BatchPart } from '@deploy-actions/kit/host/batch';
import { HostError } from '@deploy-actions/kit/host/host';
import { statePath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { findUnfinishedDeploy, type Journal } from '@deploy-actions/kit/state/journal';
import { commitPinsPart, type EnvBlock } from '@deploy-actions/kit/state/pins';
import {
  auditPart,
  parseMigration as parseRecordedMigration,
  writeReleasePart,
  type RecordedMigration,
  type Release,
} from '@deploy-actions/kit/state/release';
import { finishActivationParts } from '@deploy-actions/kit/state/staged-tree';
import { forgetStartedPart } from '@deploy-actions/kit/state/started-services';
import { RolloutError } from './errors.ts';
import type { Session } from './session.ts';

/** Everything the commit writes, as data: it stands in the journal first, so that any later run can finish it. */
export interface Commit {
  readonly release: Release;
  readonly block: EnvBlock;
  /** Of a rollback: the records of what it left, marked. With the commit, so that no death leaves them unmarked. */
  readonly rejected?: readonly Release[];
  /** Containers of services that left the compose files, to be removed; absent in journals of older versions. */
  readonly orphans?: readonly string[];
}

/** Archiving large sets on a slow disk takes minutes. */
const commitTimeoutMs = 900_000;

/**
 * Pins, record, pointer, file archive: in this order, each idempotent (I2 of docs/architecture.md: pins change last).
 * Once its line is in the journal there is no way back: pins and record may name the new release already. What fails
 * then is tried once more, and else left to the post step or the next run.
 * @returns the project's containers afterwards; undefined where Docker did not tell
 * @throws RolloutError COMMIT_UNFINISHED; anything else: the commit has not begun
 */
export async function commitRelease(
  session: Session,
  journal: Journal,
  project: string,
  commit: Commit,
): Promise<readonly Container[] | undefined> {
  try {
    return await runCommit(session, journal, project, commit, [journal.line('pins-staged', { project, commit })]);
  } catch (thrown) {
    if (thrown instanceof HostError && thrown.code === 'CONNECTION_LOST') throw thrown;
    const died = await findUnfinishedDeploy(session.host, session.inputs.settings.deployPath, journal.deployId);
    // It has its last line: the commit itself is done.
    if (died === undefined) return undefined;
    if (!died.lines.some(({ step }) => step === 'pins-staged')) throw thrown;
    session.log(`the commit did not get to its end: ${describeThrown(thrown)} Once more.`);
    return finishCommit(session, journal, project, commit).catch((again: unknown) => {
      throw commitUnfinished(session, commit, again);
    });
  }
}

function commitUnfinished({ host }: Session, { release }: Commit, cause: unknown): RolloutError {
  return new RolloutError({
    code: 'COMMIT_UNFINISHED',
    message: `${host.name}: release ${release.number} runs and is healthy, but recording it did not get to its end: ${describeThrown(cause)}`,
    hint: 'Mend that (disk full, permissions of .deploy?) and run again: the next run finishes it first.',
    evidence: isDeployError(cause) ? cause.evidence : [],
    cause,
  });
}

/** The part after the journal line; also run by the recovery of a deploy that died in it. */
export function finishCommit(
  session: Session,
  journal: Journal,
  project: string,
  commit: Commit,
): Promise<readonly Container[] | undefined> {
  return runCommit(session, journal, project, commit, []);
}

/** One remote command, never cut short by a cancel: it is the point of no return. */
async function runCommit(
  session: Session,
  journal: Journal,
  project: string,
  commit: Commit,
  first: readonly BatchPart[],
): Promise<readonly Container[] | undefined> {
  const { host, inputs, owner } = session;
  const { deployPath } = inputs.settings;
  const { release, block } = commit;
  const results = await runBatch(
    host,
    [
      ...first,
      commitPinsPart(deployPath, block),
      writeReleasePart(deployPath, release, true),
      ...(commit.rejected ?? []).map((record) => writeReleasePart(deployPath, record, false)),
      // Also where nothing was staged: a rollback to this release needs the files that were live with it.
      ...finishActivationParts(host, deployPath, release.number, inputs.retain),
      forgetMigrationPart(deployPath),
      forgetStartedPart(deployPath),
      removeOrphansPart(commit.orphans ?? []),
      journal.line('committed', { release: release.number }),
      auditPart(deployPath, {
        at: release.finishedAt,
        what: release.restores === undefined ? 'deployed' : 'rolled back',
        release: release.number,
        actor: owner.actor,
        runUrl: owner.runUrl,
        commit: owner.commit,
      }),
      { ...listContainersPart(project), mayFail: true },
    ],
    { timeoutMs: commitTimeoutMs },
  );
  const said = results.find(({ stdout }) => stdout.startsWith(orphanMark))?.stdout ?? '';
  for (const line of said.split('\n').filter(Boolean)) session.log(line.slice(orphanMark.length));
  const listing = results.at(-1);
  return listing?.code === 0 ? parseContainers(listing.stdout) : undefined;
}

function forgetMigrationPart(deployPath: DeployPath): BatchPart {
  const file = statePath(deployPath, 'migration.json');
  return { purpose: 'forget the migration', source: '[ ! -e "$1" ] || rm -f "$1"', args: [file] };
}

const orphanMark = 'orphan: ';

/** After the commit, because only then no way back needs them. One that stays is said, and fails no deploy that serves. */
function removeOrphansPart(ids: readonly string[]): BatchPart {
  const source = `
for id; do
  name=$(docker inspect --type container --format '{{.Name}}' "$id" 2>/dev/null) || continue
  docker update --restart=no "$id" >/dev/null 2>&1
  if docker stop "$id" >/dev/null 2>&1 && docker rm "$id" >/dev/null 2>&1; then said='removed: its service left the compose files'; else said='could not be removed'; fi
  printf '${orphanMark}%s: %s\\n' "\${name#/}" "$said"
done
exit 0`;
  return { purpose: 'remove what left the compose files', source, args: ids };
}

/** What action-migrate left for this release, if it ran; {@link parseMigration} reads the output. */
export function readMigrationPart(session: Session): BatchPart {
  const file = statePath(session.inputs.settings.deployPath, 'migration.json');
  return { purpose: 'read the migration record', source: 'cat "$1" 2>/dev/null || true', args: [file] };
}

/** Undefined where no migration ran; one that cannot be read is said, and left out. */
export function parseMigration(session: Session, text: string): RecordedMigration | undefined {
  try {
    return parseRecordedMigration(text);
  } catch {
    session.log('the migration record on the server is not readable; the release is recorded without it');
    return undefined;
  }
}
