import { request } from 'node:http';
import type { Lab } from '../../lab/src/index.ts';

/** One thing that Docker says of a container. */
export interface ContainerEvent {
  /** `start`, `die`, `health_status: healthy` … */
  readonly action: string;
  readonly service: string;
  readonly id: string;
  /** Of `die`. */
  readonly exitCode: string;
}

export interface ContainerRecording {
  /** What was seen so far, in Docker's own order. It grows. */
  readonly events: readonly ContainerEvent[];
  stop(): void;
}

/** Records what happens to a project's containers, as the engine tells it: nothing is missed between two looks. */
export function recordContainers(lab: Lab, project: string): Promise<ContainerRecording> {
  const filters = JSON.stringify({ type: ['container'], label: [`com.docker.compose.project=${project}`] });
  const path = `/events?filters=${encodeURIComponent(filters)}`;
  const events: ContainerEvent[] = [];
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: lab.server.dockerSocket, path }, (response) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.flatMap(readEvent));
      });
      // Ended by stop().
      response.on('error', () => undefined);
      resolve({ events, stop: () => asked.destroy() });
    });
    asked.on('error', reject);
    asked.end();
  });
}

function readEvent(line: string): readonly ContainerEvent[] {
  const { Action = '', Actor = {} } = JSON.parse(line) as {
    readonly Action?: string;
    readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
  };
  const { ID = '', Attributes = {} } = Actor;
  const { 'com.docker.compose.service': service = '', exitCode = '' } = Attributes;
  return [{ action: Action, service, id: ID, exitCode }];
}
