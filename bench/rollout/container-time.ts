import type { Lab } from '../../lab/src/index.ts';

/** The part of an engine's event that is needed here. */
export interface EngineEvent {
  readonly type: string;
  readonly action: string;
  /** The container that it is about. */
  readonly container: string;
  readonly project: string | undefined;
  readonly atMs: number;
}

function parseEvent(line: string): EngineEvent {
  const { Type, Action, Actor, timeNano } = JSON.parse(line) as {
    readonly Type: string;
    readonly Action: string;
    readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
    readonly timeNano: number;
  };
  return {
    type: Type,
    action: Action,
    container: Type === 'network' ? (Actor.Attributes['container'] ?? '') : Actor.ID,
    project: Actor.Attributes['com.docker.compose.project'],
    atMs: timeNano / 1e6,
  };
}

/** Reads what `docker events --format '{{json .}}'` prints. */
export function parseEvents(text: string): readonly EngineEvent[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseEvent);
}

/**
 * How long the containers of one service needed, whoever moved them, in ms: from the first network that a start joins to
 * `healthy`, and from the stop signal to the end of the process; one after another. Pure.
 * @returns 0 where nothing started and nothing stopped
 */
export function measureContainerTime(events: readonly EngineEvent[], project: string): number {
  const own = new Set(
    events.filter((event) => event.type === 'container' && event.project === project).map((event) => event.container),
  );
  const firstOf = (container: string, isWanted: (event: EngineEvent) => boolean): number | undefined =>
    events.find((event) => event.container === container && isWanted(event))?.atMs;
  let needMs = 0;
  for (const container of own) {
    const healthy = firstOf(container, ({ action }) => action === 'health_status: healthy');
    const begun =
      firstOf(container, ({ type, action }) => type === 'network' && action === 'connect') ??
      firstOf(container, ({ action }) => action === 'start');
    if (healthy !== undefined && begun !== undefined && begun < healthy) needMs += healthy - begun;
    const signalled = firstOf(container, ({ action }) => action === 'kill');
    const ended = firstOf(container, ({ action }) => action === 'die');
    if (signalled !== undefined && ended !== undefined) needMs += ended - signalled;
  }
  return needMs;
}

/** What the containers of a project needed between two times of the server's clock (seconds since the epoch). */
export async function readContainerTime(lab: Lab, project: string, since: number, until: number): Promise<number> {
  const range = ['--since', since.toFixed(3), '--until', until.toFixed(3)];
  const { stdout } = await lab.server.docker(['events', ...range, '--format', '{{json .}}']);
  return measureContainerTime(parseEvents(stdout), project);
}
