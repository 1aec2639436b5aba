import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionMetadata, NodeRuns } from './action-metadata.ts';
import { assertUsage, HarnessError } from './error.ts';
import { interpolate } from './expression.ts';
import { expressionScope, type JobState } from './job-state.ts';

/** The inputs of an action as given and by default, with the runner's warning about names that it does not declare. */
export function evaluateInputs(
  state: JobState,
  metadata: ActionMetadata,
  given: Readonly<Record<string, string>>,
): { readonly values: Readonly<Record<string, string>>; readonly warnings: readonly string[] } {
  const declared = new Map([...metadata.inputs.keys()].map((name) => [name.toLowerCase(), name]));
  const values: Record<string, string> = {};
  const scope = expressionScope(state, state.jobScope);
  for (const [name, input] of metadata.inputs)
    values[name] = input.default === undefined ? '' : interpolate(input.default, scope);
  const unexpected: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const known = declared.get(name.toLowerCase());
    if (known === undefined) unexpected.push(name);
    values[known ?? name] = value;
  }
  const valid = [...metadata.inputs.keys()].map((name) => `'${name}'`).join(', ');
  const warnings =
    unexpected.length === 0
      ? []
      : [`Unexpected input(s) ${unexpected.map((name) => `'${name}'`).join(', ')}, valid inputs are [${valid}]`];
  return { values, warnings };
}

/** The file to start. From sources: `dist/post/index.js` → `src/post.ts`; the entry of main → `src/index.ts`. */
export function entryFile(state: JobState, folder: string, runs: NodeRuns, stage: 'main' | 'post'): string {
  const bundled = stage === 'main' ? runs.main : (runs.post ?? runs.main);
  if (state.entry === 'dist') {
    const file = join(folder, bundled);
    assertUsage(existsSync(file), `${file} does not exist: npm run build`);
    return file;
  }
  if (bundled === runs.main) return join(folder, 'src', 'index.ts');
  const noun = /^dist\/([\w-]+)(?:\/index)?\.(?:c|m)?js$/.exec(bundled)?.[1];
  if (noun === undefined) throw new HarnessError(`${folder}: no source is known for ${bundled}`);
  return join(folder, 'src', `${noun}.ts`);
}
