import type { Host } from '../host/host.ts';
import { PlanError } from './plan-error.ts';
import { firstRefusal, type PlanNote } from './plan-note.ts';
import { readReclaimable } from './server-facts.ts';

/**
 * Ends a step before anything is touched where a note says so; every note is in the evidence.
 * @throws PlanError NO_HEADROOM, NO_SPACE, DRIFT, MUTABLE_TAG, NO_HEALTHCHECK
 */
export async function refuseByNotes(host: Host, notes: readonly PlanNote[]): Promise<void> {
  const refusal = firstRefusal(notes);
  if (refusal === undefined) return;
  const reclaimable = refusal.code === 'NO_SPACE' ? await readReclaimable(host) : undefined;
  throw new PlanError({
    code: refusal.code,
    message: `${host.name}: ${refusal.text}. Nothing was changed.`,
    hint: reclaimable === undefined ? refusal.hint : `${refusal.hint} It could give back: ${reclaimable}.`,
    evidence: notes.map(({ level, text }) => `${level}: ${text}`),
  });
}
