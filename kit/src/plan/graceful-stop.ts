import { formatDuration } from '../time/duration.ts';
import type { ServicePlan } from './rollout-plan.ts';
import type { ModelDetails, ServiceDetails } from './model-details.ts';
import type { PlanNote } from './plan-note.ts';
import type { ServerFacts } from './server-facts.ts';

/** How long a server of requests gives those in flight when it is told to end. */
interface GracefulEnd {
  /** For people: `gunicorn --graceful-timeout 60`. */
  readonly setting: string;
  readonly ms: number;
  /** False: the server's own default, which nobody wrote down here. */
  readonly isStated: boolean;
}

const dockerGraceMs = 10_000;
/** `graceful_timeout` of gunicorn where nobody sets it (its documentation). */
const gunicornDefaultMs = 30_000;

/**
 * Says which services would lose requests in flight at their stop: a grace period shorter than what their own server
 * allows, a first process that never hears the signal. Only services whose running containers this rollout stops. Pure.
 */
export function assessStops(
  services: readonly ServicePlan[],
  details: ModelDetails,
  facts: ServerFacts,
): readonly PlanNote[] {
  return services.flatMap((plan) => {
    const service = details.services[plan.service];
    if (service === undefined) return [];
    const stopped = plan.stale.flatMap((id) => facts.containers[id] ?? []);
    const deaf = stopped.find(({ first }) => first?.hearsStopSignal === false)?.first;
    if (deaf !== undefined) return [deafNote(service, deaf.name, deaf.stopSignal)];
    return [...graceNotes(service), ...(stopped.length === 0 ? shellNotes(service) : [])];
  });
}

const shells = new Set(['sh', 'bash', 'dash', 'ash', 'busybox', 'zsh']);

function deafNote(service: ServiceDetails, name: string, signal: string): PlanNote {
  const grace = formatDuration(service.stopGraceMs ?? dockerGraceMs);
  const isShell = shells.has(name);
  const advice = isShell
    ? 'a shell passes no signal on: start the app with `exec`'
    : 'handle the signal, or set `init: true` if the app need not finish anything';
  return {
    level: 'warning',
    service: service.name,
    text: `the first process of ${service.name} (${name}) does not hear ${signal}: it is killed after ${grace}, with the requests in flight; ${advice}`,
  };
}

function graceNotes(service: ServiceDetails): readonly PlanNote[] {
  const end = findGracefulEnd(service);
  const graceMs = service.stopGraceMs ?? dockerGraceMs;
  if (end === undefined || end.ms < graceMs) return [];
  const grace = service.stopGraceMs === undefined ? 'Docker’s 10s' : formatDuration(graceMs);
  return [
    {
      level: end.isStated ? 'warning' : 'info',
      service: service.name,
      text: `stop_grace_period of ${service.name} (${grace}) is not longer than ${end.setting}: a request that takes longer is cut off; set stop_grace_period: ${Math.ceil(end.ms / 1000) + 5}s`,
    },
  ];
}

/** What the model shows of the app's own graceful end; what stands in the image or in a file is not seen. Pure. */
export function findGracefulEnd(service: ServiceDetails): GracefulEnd | undefined {
  const words = [...service.entrypoint, ...service.command].join(' ').split(/\s+/);
  const runs = (program: string): boolean => words.some((word) => word === program || word.endsWith(`/${program}`));
  if (runs('gunicorn')) {
    const settings = service.serverSettings['GUNICORN_CMD_ARGS']?.split(/\s+/) ?? [];
    const seconds = optionOf(words, '--graceful-timeout') ?? optionOf(settings, '--graceful-timeout');
    if (seconds !== undefined) return stated(`gunicorn --graceful-timeout ${seconds}`, seconds);
    return { setting: `gunicorn’s default of 30s`, ms: gunicornDefaultMs, isStated: false };
  }
  if (runs('uvicorn')) {
    const option = '--timeout-graceful-shutdown';
    const setting = Number(service.serverSettings['UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN'] ?? NaN);
    const seconds = optionOf(words, option) ?? (Number.isNaN(setting) ? undefined : setting);
    return seconds === undefined ? undefined : stated(`uvicorn ${option} ${seconds}`, seconds);
  }
  if (runs('hypercorn')) {
    const seconds = optionOf(words, '--graceful-timeout');
    return seconds === undefined ? undefined : stated(`hypercorn --graceful-timeout ${seconds}`, seconds);
  }
  return undefined;
}

function stated(setting: string, seconds: number): GracefulEnd {
  return { setting, ms: seconds * 1000, isStated: true };
}

/** The value of `--name N` or `--name=N`, the last one. */
function optionOf(words: readonly string[], name: string): number | undefined {
  const values = words.flatMap((word, index) => {
    if (word === name) return [words[index + 1] ?? ''];
    return word.startsWith(`${name}=`) ? [word.slice(name.length + 1)] : [];
  });
  const value = Number(values.at(-1) ?? NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** Before a container runs, only the text tells: dash and BusyBox stay as parent of what `sh -c` runs (tried). */
function shellNotes(service: ServiceDetails): readonly PlanNote[] {
  const [program = '', flag, text = ''] = [...service.entrypoint, ...service.command];
  const isShell = shells.has(program.slice(program.lastIndexOf('/') + 1)) && flag === '-c';
  if (!isShell || service.hasInit || /\bexec\b|\btrap\b/.test(text)) return [];
  return [
    {
      level: 'warning',
      service: service.name,
      text: `${service.name} starts by \`${program} -c\` without \`exec\`: the shell does not pass SIGTERM on, and the app is killed at each stop`,
    },
  ];
}
