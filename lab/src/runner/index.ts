/** A GitHub runner on this machine, as far as a deploy needs one: see job.ts. */
export { HarnessError } from './error.ts';
export type { GithubFacts } from './environment.ts';
export { createJob, type Job, type JobOptions, type JobResult, type StepOptions } from './job.ts';
export type { LineListener, StepListener } from './job-state.ts';
export type { LogLine, LineKind, StepCommands } from './log-reader.ts';
export type { CancelTimes } from './step-process.ts';
export type { Outcome, StepResult } from './step-result.ts';
export { runComposite, runWorkflowJob, type CompositeRun, type WorkflowRun } from './workflow.ts';
