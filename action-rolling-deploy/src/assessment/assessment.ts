import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { RolloutError } from '../errors.ts';
import { changedServices, type RolloutPlan } from '../rollout-plan.ts';
import type { Session } from '../session.ts';
import { assessPlan, planFactsQuery, type Assessment, type Observed } from './plan-assessment.ts';
import { firstRefusal, type PlanNote } from './plan-note.ts';
import { readReclaimable, readServerFacts } from './server-facts.ts';

/**
 * Looks at the server and says what the plan means for it; nothing is asked for a deploy that
 * changes nothing. In `mode: rollback` a lack of room is a warning: what is restored had room before, and a rollback is
 * no moment for new conditions.
 */
export async function assessServer(
  session: Session,
  model: ComposeModel,
  plan: RolloutPlan,
  observed: Observed,
  maxSurge: number,
): Promise<Assessment> {
  const { host, inputs } = session;
  const { isDowntimeAllowed } = inputs.caution;
  if (changedServices(plan).length === 0 && inputs.mode !== 'plan' && !isDowntimeAllowed) return { plan, notes: [] };
  const facts = await readServerFacts(host, planFactsQuery(inputs.settings, model, plan, observed));
  const isHeadroomEnforced = inputs.caution.isHeadroomEnforced && inputs.mode !== 'rollback';
  return assessPlan(facts, plan, model, observed, { isHeadroomEnforced, isDowntimeAllowed, maxSurge });
}

/**
 * Ends a rollout before anything is touched where a note says so; every note is in the evidence.
 * @throws RolloutError NO_HEADROOM, NO_SPACE, DRIFT
 */
export async function refuseByNotes(session: Session, notes: readonly PlanNote[]): Promise<void> {
  const refusal = firstRefusal(notes);
  if (refusal === undefined) return;
  const reclaimable = refusal.code === 'NO_SPACE' ? await readReclaimable(session.host) : undefined;
  throw new RolloutError({
    code: refusal.code,
    message: `${session.host.name}: ${refusal.text}. Nothing was changed.`,
    hint: reclaimable === undefined ? refusal.hint : `${refusal.hint} It could give back: ${reclaimable}.`,
    evidence: notes.map(({ level, text }) => `${level}: ${text}`),
  });
}
