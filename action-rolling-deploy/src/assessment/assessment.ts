import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { changedServices, type RolloutPlan } from '@deploy-actions/kit/plan/rollout-plan';
import type { Session } from '../session.ts';
import { assessPlan, planFactsQuery, type Assessment, type Observed } from '@deploy-actions/kit/plan/plan-assessment';
import { readServerFacts } from '@deploy-actions/kit/plan/server-facts';

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
