import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { defaultFacts, githubContext, type GithubFacts } from './environment.ts';
import { assertUsage } from './error.ts';
import { interpolate, isConditionMet, type Scope, type Value } from './expression.ts';
import { createJob, type JobOptions, type JobResult, type StepOptions } from './job.ts';
import { parseSteps } from './step-source.ts';
import { asRecord, assertKeys, asTexts, optionalText, type YamlRecord } from './yaml-record.ts';

/** One job of a workflow file, with what a person would give to its dispatch form. */
export interface WorkflowRun extends Omit<JobOptions, 'inputs' | 'env'> {
  /** Path of the workflow file. */
  readonly file: string;
  /** Default: the only job. */
  readonly job?: string;
  /** As typed into the dispatch form; checked and completed by the workflow's own declaration. */
  readonly inputs?: Readonly<Record<string, string | boolean>>;
}

/** The root composite, run as one step of a job. */
export interface CompositeRun extends JobOptions {
  readonly with: NonNullable<StepOptions['with']>;
}

const workflowKeys = ['name', 'run-name', 'on', 'permissions', 'concurrency', 'env', 'defaults', 'jobs'];
const jobKeys = [
  'name',
  'runs-on',
  'environment',
  'permissions',
  'concurrency',
  'timeout-minutes',
  'env',
  'if',
  'steps',
  'outputs',
  'needs',
];

function declaredInputs(workflow: YamlRecord): YamlRecord {
  const triggers = workflow['on'];
  if (typeof triggers !== 'object' || triggers === null || Array.isArray(triggers)) return {};
  const dispatch = asRecord(triggers, 'on')['workflow_dispatch'] ?? asRecord(triggers, 'on')['workflow_call'] ?? {};
  return asRecord(asRecord(dispatch, 'on.workflow_dispatch')['inputs'] ?? {}, 'on.workflow_dispatch.inputs');
}

function fillInput(name: string, source: YamlRecord, given: string | boolean | undefined): Value {
  const where = `input ${name}`;
  const value = given ?? optionalText(source['default'], where);
  const isRequired = source['required'] === true;
  assertUsage(!isRequired || (value !== undefined && value !== ''), `${where} is required`);
  const text = value === undefined ? '' : String(value);
  if (source['type'] === 'boolean') return text === 'true';
  if (source['type'] === 'number') return Number(text);
  const options = source['options'];
  assertUsage(
    !Array.isArray(options) || options.map(String).includes(text),
    `${where}: ${text} is not one of its options`,
  );
  return text;
}

function fillInputs(
  workflow: YamlRecord,
  given: Readonly<Record<string, string | boolean>>,
): Readonly<Record<string, Value>> {
  const declared = declaredInputs(workflow);
  for (const name of Object.keys(given)) assertUsage(name in declared, `the workflow has no input ${name}`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, source]) => [
      name,
      fillInput(name, asRecord(source ?? {}, `input ${name}`), given[name]),
    ]),
  );
}

function leaveEmpty(declared: YamlRecord): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.keys(declared).map((name) => [name, '']));
}

function pickJob(workflow: YamlRecord, wanted: string | undefined, file: string): readonly [string, YamlRecord] {
  const jobs = asRecord(workflow['jobs'], `${file}: jobs`);
  const names = Object.keys(jobs);
  const name = wanted ?? (names.length === 1 ? names[0] : undefined);
  assertUsage(name !== undefined && name in jobs, `${file}: name one of its jobs: ${names.join(', ')}`);
  const job = asRecord(jobs[name], `${file}: jobs.${name}`);
  assertKeys(job, jobKeys, `${file}: jobs.${name}`);
  return [name, job];
}

/**
 * Runs one job of a workflow file through the harness: its steps, then their post steps. `environment`, `concurrency`, `permissions`,
 * `runs-on` and `needs` are read and not enforced: a harness has no server. Throws HarnessError on any key outside the subset.
 */
export async function runWorkflowJob(run: WorkflowRun): Promise<JobResult> {
  const { file, job: wanted, inputs: given, ...options } = run;
  const workflow = asRecord(parse(await readFile(file, 'utf8')), file);
  assertKeys(workflow, workflowKeys, file);
  assertUsage(workflow['defaults'] === undefined, `${file}: defaults is not supported`);
  const [name, source] = pickJob(workflow, wanted, file);
  const workflowName = optionalText(workflow['name'], `${file}: name`) ?? file;
  const github: GithubFacts = { ...defaultFacts(), job: name, workflow: workflowName, ...options.github };
  // Other events have no form to fill in: `inputs.x` is empty there.
  const isFilledIn = /^workflow_(dispatch|call)$/.test(github.eventName);
  const inputs = isFilledIn ? fillInputs(workflow, given ?? {}) : leaveEmpty(declaredInputs(workflow));
  const context: Scope = {
    status: { success: true, failure: false, cancelled: false },
    contexts: {
      inputs: inputs,
      vars: options.vars ?? {},
      secrets: options.secrets ?? {},
      github: githubContext(github, options.workspace),
      env: {},
    },
  };
  const env: Record<string, string> = {};
  for (const level of [workflow['env'], source['env']])
    for (const [key, value] of Object.entries(asTexts(level, `${file}: env`)))
      env[key] = interpolate(value, { ...context, contexts: { ...context.contexts, env: { ...env } } });
  const condition = optionalText(source['if'], `${file}: jobs.${name}.if`);
  if (!isConditionMet(condition, context)) return { conclusion: 'success', steps: [], posts: [], orphans: 0 };
  const steps = parseSteps(source['steps'], `${file}: jobs.${name}.steps`);
  await using job = await createJob({ ...options, inputs, env, github });
  await job.steps(steps);
  return await job.finish();
}

/** Runs the root action.yml as a consumer's only step, posts included. */
export async function runComposite(run: CompositeRun): Promise<JobResult> {
  const { with: inputs, ...options } = run;
  await using job = await createJob(options);
  await job.step({ id: 'deploy', uses: '.', with: inputs });
  return await job.finish();
}
