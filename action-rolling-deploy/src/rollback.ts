import { readLedger, writeRelease, type Release } from '@deploy-actions/kit/state/release';
import { stageReleaseFiles } from '@deploy-actions/kit/state/staged-tree';
import { deploy, planned } from './deploy.ts';
import { prepare, type Intent } from './prepare.ts';
import type { Report } from './report.ts';
import { findRollbackTarget, type RollbackTarget } from './rollback-target.ts';
import type { ServerState } from './server-state.ts';
import type { Session } from './session.ts';

/** `mode: rollback`: the same engine with the pins and files of an earlier release. */
export async function rollBack(session: Session, state: ServerState): Promise<Report> {
  const { inputs, log } = session;
  const { to, fromRelease, isForced } = inputs;
  const decision = findRollbackTarget(state.ledger, { to, fromRelease, isForced });
  if (decision.kind !== 'go') {
    const { number } = decision.current;
    log(
      decision.kind === 'serves-already'
        ? `release ${number} serves what \`to\` names: nothing to roll back`
        : `release ${fromRelease ?? ''} is not the current one, ${number} is: nothing to roll back`,
    );
    const prepared = await prepare(session, state, { pins: decision.current.pins, given: [], staged: undefined });
    return { ...(await planned(session, prepared)), outcome: 'noop' };
  }
  const { from, crossed } = decision;
  log(`rolling back from release ${from.number} to what release ${decision.to.number} ran`);
  const warnings =
    crossed === undefined
      ? []
      : [
          `FORCED across the irreversible migration of release ${crossed.number}: what runs now does not know the schema of its database.`,
        ];
  for (const warning of warnings) session.runner.warning(warning);
  const report = await deploy(session, await prepare(session, state, await rollbackIntent(session, decision)));
  if (report.failure !== undefined) return report;
  if (report.outcome === 'deployed') await markRolledBack(session, from);
  const serving = `What release ${decision.to.number} ran serves again.`;
  return { ...report, outcome: 'rolled_back', nowServing: [serving, ...warnings].join(' ') };
}

/** What shall run after the rollback: the target's pins and files. */
async function rollbackIntent(session: Session, { from, to }: RollbackTarget): Promise<Intent> {
  const { deployPath } = session.inputs.settings;
  const staged =
    to.filesRelease === from.filesRelease ? undefined : await stageReleaseFiles(session.host, deployPath, to.number);
  return { pins: to.pins, given: [], staged, restores: to };
}

/**
 * A release that was rolled back from is no rollback target later; a rollback among them stands for the one it had
 * brought back.
 */
async function markRolledBack(session: Session, from: Release): Promise<void> {
  const { host, inputs } = session;
  const ledger = await readLedger(host, inputs.settings.deployPath);
  const bad = ledger.releases.filter(
    ({ number, gateFailed }) => (number === from.number || number === from.restores) && gateFailed !== true,
  );
  for (const record of bad)
    await writeRelease(host, inputs.settings.deployPath, { ...record, gateFailed: true }, false);
}
