import { LabError } from './error.ts';
import { readJson, writeWhole } from './file.ts';
import type { LabPaths } from './paths.ts';
import type { RegistryStates } from './registry.ts';
import type { PublishedImages } from './release.ts';
import type { ServerPlace, ServerState } from './server.ts';

/** What one process tells the others about the lab: `state.json`, replaced whole. */
export interface LabState {
  readonly format: 1;
  readonly id: string;
  /** First three bytes of the lab's network. */
  readonly prefix: string;
  readonly registries: RegistryStates;
  readonly tokenPort: number;
  /** Folders of unpacked packages. */
  readonly trees: { readonly server: string; readonly tools: string } | undefined;
  readonly server: ServerState | undefined;
  /** Servers that somebody asked for beside it, by name; noted before they boot, so that `stop` finds a half-made one. */
  readonly extraServers?: Readonly<Record<string, ServerPlace>>;
  /** Set at the end of `up`: all of it answers. */
  readonly images: PublishedImages | undefined;
}

export function readState(paths: LabPaths): LabState | undefined {
  return readJson(paths.state, (value) => {
    if (typeof value === 'object' && value !== null && 'format' in value && value.format === 1)
      return value as LabState;
    throw new LabError(`${paths.state} is of another version of the lab.`, { hint: 'npm run lab -- down, then up' });
  });
}

export function writeState(paths: LabPaths, state: LabState): void {
  // Passwords of the lab's registries are in it.
  writeWhole(paths.state, `${JSON.stringify(state, null, 2)}\n`, 0o600);
}
