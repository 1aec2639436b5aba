import { runBatch, type BatchPart } from '@deploy-actions/kit/host/batch';
import {
  parseDeployId,
  parseUnfinished,
  readJournalPart,
  type UnfinishedDeploy,
} from '@deploy-actions/kit/state/journal';
import { findRunningOneOffs } from '@deploy-actions/kit/state/one-off';
import { parseLedger, readLedgerPart, type Ledger, type RecordedMigration } from '@deploy-actions/kit/state/release';
import { findStagedPart, parseStagedTree, type StagedTree } from '@deploy-actions/kit/state/staged-tree';
import { parseMigration, readMigrationPart } from './commit.ts';
import type { Session } from './session.ts';

/** What earlier steps and earlier deploys left on the server. */
export interface ServerState {
  /** Names of one-offs of action-migrate that run now. */
  readonly oneOffs: readonly string[];
  readonly unfinished: UnfinishedDeploy | undefined;
  /** Of the newest journal, finished or not. */
  readonly lastDeployId: string | undefined;
  readonly ledger: Ledger;
  readonly staged: StagedTree | undefined;
  readonly migration: RecordedMigration | undefined;
}

/** Reads all of it; Docker is asked beside the files. Changes nothing. */
export async function readServerState(session: Session): Promise<ServerState> {
  const { deployPath } = session.inputs.settings;
  const parts: readonly BatchPart[] = [
    readJournalPart(deployPath),
    readLedgerPart(deployPath),
    findStagedPart(deployPath),
    readMigrationPart(session),
  ];
  const [oneOffs, files] = await Promise.all([
    // Once it is known how the engine can be asked; whether it can be reached at all is the plan's question.
    session
      .docker()
      .catch(() => undefined)
      .then(() => findRunningOneOffs(session.host, deployPath)),
    runBatch(session.host, parts),
  ]);
  const [journal = '', ledger = '', staged = '', migration = ''] = files.map(({ stdout }) => stdout);
  return {
    oneOffs,
    unfinished: parseUnfinished(journal),
    lastDeployId: parseDeployId(journal),
    ledger: parseLedger(ledger),
    staged: parseStagedTree(staged, deployPath),
    migration: parseMigration(session, migration),
  };
}
