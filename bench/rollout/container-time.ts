import { request } from 'node:http';
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

/** Reads the lines of the engine's `/events`, which `docker events --format '{{json .}}'` prints too. */
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

/** Events of an engine as they happen. */
export interface Recording {
  /** Ends it and gives what was heard, in order. */
  readonly stop: () => readonly EngineEvent[];
}

const HEARD = { event: ['start', 'connect', 'health_status', 'kill', 'die'] };

/** Listens to the lab's engine; resolves when it hears. Asking afterwards would not do: an engine remembers 256 events. */
export function recordEvents(lab: Lab): Promise<Recording> {
  return new Promise((resolve, reject) => {
    const path = `/events?filters=${encodeURIComponent(JSON.stringify(HEARD))}`;
    const asked = request({ socketPath: lab.server.dockerSocket, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', () => undefined);
      resolve({
        stop: () => {
          asked.destroy();
          return parseEvents(text.slice(0, text.lastIndexOf('\n') + 1));
        },
      });
    });
    asked.once('error', reject);
    asked.end();
  });
}
