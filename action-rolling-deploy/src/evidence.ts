import type { Container } from '@deploy-actions/kit/compose/container';
import { describeThrown } from '@deploy-actions/kit/action/errors';
import { noResult, runBatch } from '@deploy-actions/kit/host/batch';
import { HostError, type Host } from '@deploy-actions/kit/host/host';

const logLines = 100;

/**
 * $1 id, $2 lines. What `docker inspect` knows and a person on call asks for, without values that may be secrets: of the
 * environment only the names, of the command only the program, of the health check only its kind.
 */
const factsScript = `
docker inspect --format 'image: {{.Config.Image}} ({{.Image}})
created {{.Created}}, started {{.State.StartedAt}}, finished {{.State.FinishedAt}}{{if .State.OOMKilled}}, killed: out of memory{{end}}{{with .State.Error}}, error: {{.}}{{end}}
program: {{.Path}}, user: {{with .Config.User}}{{.}}{{else}}root{{end}}, restart policy: {{.HostConfig.RestartPolicy.Name}}, memory limit: {{.HostConfig.Memory}} bytes
health check: {{with .Config.Healthcheck}}{{index .Test 0}} interval {{.Interval}} timeout {{.Timeout}} start period {{.StartPeriod}} retries {{.Retries}}{{else}}none{{end}}
networks:{{range $name, $net := .NetworkSettings.Networks}} {{$name}}{{with $net.IPAddress}} ({{.}}){{end}}{{end}}
mounts:{{range .Mounts}} {{.Destination}} ({{.Type}}{{if not .RW}}, read-only{{end}}){{end}}
environment:{{range .Config.Env}} {{index (split . "=") 0}}{{end}}' "$1" 2>/dev/null || echo 'docker inspect: the container is gone'`;

const logsScript = `docker logs --timestamps --tail "$2" "$1" 2>&1 || true`;

/**
 * The failure bundle of a container: its state, its health probes, a redacted inspect, its last log lines. A Docker that
 * does not tell them hides nothing of why the deploy failed.
 * @throws HostError CONNECTION_LOST: then nobody knows what runs
 */
export async function collectEvidence(host: Host, container: Container): Promise<readonly string[]> {
  const { id, name, health, restartCount } = container;
  const parts = [
    { purpose: 'docker inspect', source: factsScript, args: [id] },
    { purpose: 'docker logs', source: logsScript, args: [id, String(logLines)] },
  ];
  const [facts, logs] = await runBatch(host, parts, { timeoutMs: 30_000 }).catch((thrown: unknown) => {
    if (thrown instanceof HostError && thrown.code === 'CONNECTION_LOST') throw thrown;
    return [{ ...noResult, stdout: `its settings and log could not be read: ${describeThrown(thrown)}` }, noResult];
  });
  const lines = (text: string | undefined): readonly string[] => (text ?? '').split('\n').filter((line) => line !== '');
  const said = lines(logs?.stdout).slice(-logLines);
  return [
    `--- ${name}: ${describeState(container)}, ${restartCount} restarts`,
    ...lines(facts?.stdout),
    ...(health?.probes ?? []).map((probe) => `health probe: ${probe}`),
    `--- last ${said.length} log lines of ${name}`,
    ...said,
  ];
}

/** The exit code of a running container is the one of its last life, and misleads. */
function describeState({ status, exitCode }: Container): string {
  return status === 'running' ? status : `${status}, exit code ${exitCode}`;
}
