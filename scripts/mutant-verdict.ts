import type { ExampleMutant } from './example-mutants.ts';
import { record } from './metadata.ts';

/** By path of an example's test, how it ended; a path that did not run is not there. */
export type Verdicts = ReadonlyMap<string, 'green' | 'red'>;

/** Reads vitest's JSON report: a path's test is called `path → what is expected`. Pure. */
export function readVerdicts(report: unknown, paths: readonly string[]): Verdicts {
  const tests = listOf(record(report)['testResults']).flatMap((file) => listOf(record(file)['assertionResults']));
  return new Map(
    tests.map(record).flatMap(({ title, status }) => {
      const path = paths.find((one) => String(title).startsWith(`${one} →`));
      const verdict = status === 'passed' ? 'green' : status === 'failed' ? 'red' : undefined;
      return path === undefined || verdict === undefined ? [] : [[path, verdict] as const];
    }),
  );
}

/**
 * `found`: the path that must find it is red, and those before it are green; a set-up that failed finds nothing. Pure.
 */
export function judgeMutant(
  { needs, foundBy }: Pick<ExampleMutant, 'needs' | 'foundBy'>,
  verdicts: Verdicts,
): 'found' | 'SURVIVED' | 'UNCLEAR' {
  if (needs.some((path) => verdicts.get(path) !== 'green') || !verdicts.has(foundBy)) return 'UNCLEAR';
  return verdicts.get(foundBy) === 'red' ? 'found' : 'SURVIVED';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
