import type { BatchPart, PartResult } from '../host/batch.ts';
import { openEngineDoor } from '../host/engine-door.ts';
import type { Host } from '../host/host.ts';

/**
 * Where Docker's CLI finds its engine, if that is a unix socket of the server: by DOCKER_HOST, else by the context, else
 * the default one (`docker context` documents that order). Prints nothing for every other engine.
 */
export const locateEngineScript = `
[ -z "\${DOCKER_TLS_VERIFY:-}\${DOCKER_TLS:-}" ] || exit 0
case \${DOCKER_HOST:-} in
  unix://*) printf '%s' "\${DOCKER_HOST#unix://}"; exit 0 ;;
  ?*) exit 0 ;;
esac
context=\${DOCKER_CONTEXT:-$(sed -n 's/.*"currentContext"[[:space:]]*:[[:space:]]*"\\([^"]*\\)".*/\\1/p' "\${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null)}
case $context in ''|default) printf '%s' /var/run/docker.sock ;; esac`;

/** Where the engine's socket is, for {@link openLocatedEngine}. */
export const locateEnginePart: BatchPart = {
  purpose: 'find the engine’s socket',
  source: locateEngineScript,
  mayFail: true,
};

const openTimeoutMs = 30_000;

/** Opens the engine's door at the socket that was found, if one was. @returns what openEngineDoor does */
export async function openLocatedEngine(
  host: Host,
  { code, stdout }: PartResult,
  signal = AbortSignal.timeout(openTimeoutMs),
): Promise<unknown> {
  if (code !== 0 || stdout === '') return undefined;
  return openEngineDoor(host, stdout, signal);
}
