import type { Release } from '@deploy-actions/kit/state/release';
import { stageReleaseFiles, type StagedTree } from '@deploy-actions/kit/state/staged-tree';
import { deploy, planned } from './deploy.ts';
import { RolloutError } from './errors.ts';
import { prepare, type Intent } from './prepare.ts';
import type { Settled } from './recovery.ts';
import type { Report } from './report.ts';
import { findRollbackTarget, type RollbackTarget } from './rollback-target.ts';
import type { ServerState } from './server-state.ts';
import type { Session } from './session.ts';

/** `mode: rollback`: the same engine with the pins and files of an earlier release. */
export async function rollBack(session: Session, state: ServerState, settled: Settled | undefined): Promise<Report> {
  const { inputs, log } = session;
  const { to, fromRelease, isForced } = inputs;
  // `previous` was said of what served before the rollback that died: going on from what that brought back is too far.
  if (to.kind === 'previous' && settled?.restored !== undefined && state.ledger.current !== undefined) {
    log(`the rollback that had died brought back what release ${settled.restored} ran: nothing more to roll back`);
    return nothingToRollBack(session, state, state.ledger.current);
  }
  const decision = findRollbackTarget(state.ledger, { to, fromRelease, isForced, pending: state.migration });
  if (decision.kind !== 'go') {
    const { number } = decision.current;
    log(
      decision.kind === 'serves-already'
        ? `release ${number} serves what \`to\` names: nothing to roll back`
        : `release ${fromRelease ?? ''} is not the current one, ${number} is: nothing to roll back`,
    );
    return nothingToRollBack(session, state, decision.current);
  }
  const { from, crossed } = decision;
  log(`rolling back from release ${from.number} to what release ${decision.to.number} ran`);
  const warnings =
    crossed === undefined
      ? []
      : [
          `FORCED across the irreversible migration of ${crossed}: what runs now does not know the schema of its database.`,
        ];
  for (const warning of warnings) session.runner.warning(warning);
  const report = await deploy(session, await prepare(session, state, await rollbackIntent(session, decision)));
  if (report.failure !== undefined) return report;
  const serving = `What release ${decision.to.number} ran serves again.`;
  return { ...report, outcome: 'rolled_back', nowServing: [serving, ...warnings].join(' ') };
}

async function nothingToRollBack(session: Session, state: ServerState, current: Release): Promise<Report> {
  const prepared = await prepare(session, state, { pins: current.pins, given: [], staged: undefined });
  return { ...(await planned(session, prepared)), outcome: 'noop' };
}

/** What shall run after the rollback: the target's pins and files. */
async function rollbackIntent({ host, inputs }: Session, target: RollbackTarget): Promise<Intent> {
  const staged = await stageFilesOf(target, (number) => stageReleaseFiles(host, inputs.settings.deployPath, number));
  return { pins: target.to.pins, given: [], staged, restores: target.to };
}

/**
 * The target's files, staged where they differ from what is live; `stage` gives undefined where no archive is kept.
 * @throws RolloutError NO_RELEASE for files that are gone: images beside the files of another release never ran together
 */
export async function stageFilesOf(
  { from, to }: Pick<RollbackTarget, 'from' | 'to'>,
  stage: (release: number) => Promise<StagedTree | undefined>,
): Promise<StagedTree | undefined> {
  if (to.filesRelease === from.filesRelease) return undefined;
  const staged = await stage(to.number);
  if (staged !== undefined || to.filesRelease === undefined) return staged;
  throw new RolloutError({
    code: 'NO_RELEASE',
    message: `the files of release ${to.number} are not on the server any more (.deploy/files/${to.number}.tar). Nothing was changed.`,
    hint: `Deploy ${to.commit === '' ? 'it' : `commit ${to.commit.slice(0, 7)}`} again. A higher \`retain\` keeps more releases to go back to.`,
  });
}
