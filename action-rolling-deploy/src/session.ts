import type { DockerVersions } from '@deploy-actions/kit/compose/docker-cli';
import type { Runner } from '@deploy-actions/kit/action/runner';
import type { Host } from '@deploy-actions/kit/host/host';
import type { LeaseOwner } from '@deploy-actions/kit/state/lease';
import type { Clock } from '@deploy-actions/kit/time/clock';
import type { Inputs } from './inputs.ts';

/** What a whole run of this action works with. */
export interface Session {
  readonly runner: Runner;
  readonly inputs: Inputs;
  readonly host: Host;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Asks the server once, at the first call. @throws ComposeError DOCKER_UNREACHABLE, COMPOSE_TOO_OLD */
  readonly docker: () => Promise<DockerVersions>;
}
