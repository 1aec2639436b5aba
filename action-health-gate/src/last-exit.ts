import type { Host } from '@deploy-actions/kit/host/host';
import type { Container } from './container.ts';

/** $1 container id. The engine keeps its last 256 events. Until the next whole second: the end may be one of this second. */
const exitScript = `
docker events --since 1h --until "$(($(date +%s) + 1))" --filter "container=$1" --filter event=die --format '{{index .Actor.Attributes "exitCode"}}' | tail -n 1`;

/**
 * The exit code of a container's last end. One that runs again shows 0 itself, so Docker's events are asked; undefined where
 * they do not know either. It is evidence: that it cannot be had is no failure.
 */
export async function readLastExit(host: Host, container: Container): Promise<number | undefined> {
  if (container.status !== 'running') return undefined;
  try {
    const { stdout } = await host.script(exitScript, [container.id], { timeoutMs: 15_000 });
    return /^\d+$/.test(stdout.trim()) ? Number(stdout.trim()) : undefined;
  } catch {
    return undefined;
  }
}
