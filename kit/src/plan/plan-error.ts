import { DeployError } from '../action/errors.ts';
import type { RefusalCode } from './plan-note.ts';

/** Why a rollout cannot begin, found before anything is touched. */
export type PlanErrorCode = RefusalCode | 'UNSUPPORTED';

export class PlanError extends DeployError<PlanErrorCode> {}
