import { assertUsage } from './error.ts';
import { asRecord, assertKeys, asTexts, optionalText } from './yaml-record.ts';

/** A step as it stands in a composite or a workflow: expressions not evaluated. */
export interface StepSource {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly if: string | undefined;
  readonly uses: string | undefined;
  readonly with: Readonly<Record<string, string>>;
  readonly run: string | undefined;
  readonly shell: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly continueOnError: string | undefined;
  readonly timeoutMinutes: string | undefined;
}

const stepKeys = [
  'id',
  'name',
  'if',
  'uses',
  'with',
  'run',
  'shell',
  'working-directory',
  'env',
  'continue-on-error',
  'timeout-minutes',
];

function parseStep(value: unknown, where: string): StepSource {
  const step = asRecord(value, where);
  assertKeys(step, stepKeys, where);
  const text = (key: string): string | undefined => optionalText(step[key], `${where}.${key}`);
  const source: StepSource = {
    id: text('id'),
    name: text('name'),
    if: text('if'),
    uses: text('uses'),
    with: asTexts(step['with'], `${where}.with`),
    run: text('run'),
    shell: text('shell'),
    workingDirectory: text('working-directory'),
    env: asTexts(step['env'], `${where}.env`),
    continueOnError: text('continue-on-error'),
    timeoutMinutes: text('timeout-minutes'),
  };
  assertUsage((source.uses === undefined) !== (source.run === undefined), `${where}: needs either uses or run`);
  return source;
}

/** Throws HarnessError on a key outside the supported subset. */
export function parseSteps(value: unknown, where: string): readonly StepSource[] {
  assertUsage(Array.isArray(value), `${where}: expected a list`);
  return value.map((step: unknown, index) => parseStep(step, `${where}[${String(index)}]`));
}
