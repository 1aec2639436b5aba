/** How a step or a job ended; what act never mentioned was skipped. */
export type ActOutcome = 'success' | 'failure' | 'skipped';

export interface ActStep {
  readonly outcome: ActOutcome;
  readonly outputs: Readonly<Record<string, string>>;
  /** Lines that people see, masked as act masks them. */
  readonly log: string;
  readonly summary: string;
}

export interface ActJob {
  readonly outcome: ActOutcome;
  /** By id; steps without one by their index. A composite's own steps are not told apart. */
  readonly steps: Readonly<Record<string, ActStep>>;
}

/** What a run of act said, job by job. */
export interface ActReport {
  readonly jobs: Readonly<Record<string, ActJob>>;
  /** Lines that are none of act's JSON: its own refusals, such as a file it cannot load. */
  readonly stray: readonly string[];
}

interface StepDraft {
  outcome: ActOutcome;
  readonly outputs: Record<string, string>;
  readonly log: string[];
  summary: string;
}

interface JobDraft {
  outcome: ActOutcome;
  readonly steps: Map<string, StepDraft>;
}

/** Reads what `act --json` printed. Posts are counted with their step: a failed one makes it red, as on GitHub. */
export function readActLog(lines: readonly string[]): ActReport {
  const jobs = new Map<string, JobDraft>();
  const stray: string[] = [];
  for (const line of lines) {
    const entry = parseEntry(line);
    if (entry === undefined) {
      if (line.trim() !== '') stray.push(line);
      continue;
    }
    const jobId = textOf(entry['jobID']);
    if (jobId === '') {
      if (entry['level'] === 'error' || entry['level'] === 'fatal') stray.push(textOf(entry['msg']));
      continue;
    }
    const job = draftOf(jobs, jobId, (): JobDraft => ({ outcome: 'skipped', steps: new Map() }));
    const result = outcomeOf(entry['jobResult']);
    if (result !== undefined) job.outcome = result;
    const stepId = Array.isArray(entry['stepID']) ? textOf(entry['stepID'][0]) : '';
    if (stepId !== '') addToStep(draftOf(job.steps, stepId, newStep), entry);
  }
  return { jobs: Object.fromEntries([...jobs].map(([id, job]) => [id, finishJob(job)])), stray };
}

function addToStep(step: StepDraft, entry: Readonly<Record<string, unknown>>): void {
  const result = outcomeOf(entry['stepResult']);
  if (result !== undefined && isOfTheStepItself(entry) && step.outcome !== 'failure') step.outcome = result;
  const message = textOf(entry['msg']);
  if (entry['command'] === 'set-output' && isOfTheStepItself(entry)) {
    step.outputs[textOf(entry['name'])] = textOf(entry['arg']);
  } else if (entry['command'] === 'summary') step.summary += textOf(entry['content']);
  if (message.trim() !== '') step.log.push(message.replace(/\n$/, ''));
}

/** Not of a step inside a composite: those have a path of ids. */
function isOfTheStepItself(entry: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(entry['stepID']) && entry['stepID'].length === 1;
}

function newStep(): StepDraft {
  return { outcome: 'skipped', outputs: {}, log: [], summary: '' };
}

function finishJob({ outcome, steps }: JobDraft): ActJob {
  const finished = [...steps].map(([id, { log, ...rest }]) => [id, { ...rest, log: log.join('\n') }] as const);
  return { outcome, steps: Object.fromEntries(finished) };
}

function draftOf<T>(all: Map<string, T>, id: string, make: () => T): T {
  const found = all.get(id) ?? make();
  all.set(id, found);
  return found;
}

function outcomeOf(value: unknown): ActOutcome | undefined {
  return value === 'success' || value === 'failure' || value === 'skipped' ? value : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parseEntry(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}
