import type { LeaseOwner } from '@deploy-actions/kit/state/lease';
import { appendAudit } from '@deploy-actions/kit/state/release';
import type { MigrationResult } from './result.ts';
import type { RunDoor } from './run-door.ts';

/** One line of `.deploy/audit.jsonl`: who ran which commands on which image, and how they ended. */
export async function auditMigration(door: RunDoor, owner: LeaseOwner, result: MigrationResult): Promise<void> {
  await appendAudit(door.host, door.settings.deployPath, {
    at: door.clock.date().toISOString(),
    what: 'migrated',
    result: result.status,
    image: door.plan.image,
    commands: result.commands.map(({ text, outcome }) => ({ text, outcome })),
    actor: owner.actor,
    runUrl: owner.runUrl,
    commit: owner.commit,
  });
}
