/** nektos/act on this machine: a runner for workflows that is not ours. See docs/act.md for what it does differently. */
export { ACT_VERSION, ensureAct, ensureActionlint } from './install.ts';
export type { ActOptions } from './install.ts';
export type { ActJob, ActOutcome, ActReport, ActStep } from './log.ts';
export { runAct } from './run.ts';
export type { ActResult, ActRun } from './run.ts';
