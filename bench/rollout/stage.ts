import { addressOf, clearStage, waitUntilServes } from '../../demo/stage.ts';
import type { Lab } from '../../lab/src/index.ts';
import { proxyImage, type Recipe } from './recipe.ts';

/** How the app of a project starts. */
export interface Boot {
  readonly name: string;
  readonly bootMs: number;
}

/** `slow` listens at once and answers only when it is loaded, as most application servers do: the hardest case for a proxy. */
export const BOOTS = {
  fast: { name: 'fast boot', bootMs: 0 },
  slow: { name: '5 s boot', bootMs: 5_000 },
} as const satisfies Readonly<Record<string, Boot>>;

/** A project of the bench on the lab's server. */
export interface BenchStage {
  readonly lab: Lab;
  readonly project: string;
  readonly path: string;
  /** Where users reach it; undefined without a proxy. */
  readonly url: string | undefined;
  readonly services: readonly string[];
  readonly recipe: Recipe | undefined;
  readonly boot: Boot;
}

export interface StageRequest {
  readonly project: string;
  readonly port: number;
  readonly services: readonly string[];
  readonly recipe: Recipe | undefined;
  readonly boot: Boot;
}

function indent(lines: readonly string[], by: number): string {
  return lines.map((line) => `${' '.repeat(by)}${line}\n`).join('');
}

function labelLines(labels: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(labels);
  return entries.length === 0
    ? []
    : ['labels:', ...entries.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`)];
}

/** The compose file of a stage. Pure. */
export function renderCompose({ services, recipe, boot }: StageRequest): string {
  const app = [
    'image: ${APP_IMAGE}',
    'restart: unless-stopped',
    'stop_grace_period: 15s',
    `environment: { BOOT_MS: '${String(boot.bootMs)}', BOOT_OPEN: '1' }`,
    // The rest of the check is the image's: once a second, three failures.
    ...(boot.bootMs > 0 ? ['healthcheck: { start_period: 20s }'] : []),
    ...labelLines(recipe?.labels ?? {}),
    ...(recipe === undefined ? [] : ['networks: [default, edge]']),
  ];
  const proxy = ['image: ${PROXY_IMAGE}', 'restart: unless-stopped', 'networks: [edge]', ...(recipe?.service ?? [])];
  const parts = services.map((service) => `  ${service}:\n${indent(app, 4)}`);
  if (recipe !== undefined) parts.push(`  proxy:\n${indent(proxy, 4)}`);
  const networks = recipe === undefined ? '' : 'networks:\n  edge:\n';
  return `services:\n${parts.join('')}${networks}`;
}

/** What the owner of a server does once: folder, compose file, the proxy's configuration, `.env`. Clears what was there. */
export async function prepareBenchStage(lab: Lab, request: StageRequest): Promise<BenchStage> {
  const { project, port, services, recipe, boot } = request;
  await clearStage(lab, project);
  const path = `/srv/${project}`;
  const write = async (file: string, text: string): Promise<void> => {
    await lab.server.exec(['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat > "$1"', 'sh', `${path}/${file}`], {
      stdin: text,
    });
  };
  await write('compose.yaml', renderCompose(request));
  for (const [file, text] of Object.entries(recipe?.files ?? {})) await write(file, text);
  const proxy =
    recipe === undefined ? [] : [`PROXY_IMAGE=${proxyImage(lab, recipe.proxy)}`, `HTTP_PORT=${String(port)}`];
  await write('.env', [...proxy, ''].join('\n'));
  await lab.server.exec(['chown', '-R', `${lab.server.user}:`, path]);
  return { lab, project, path, services, recipe, boot, url: recipe === undefined ? undefined : addressOf(lab, port) };
}

/** Resolves when users are served; at once for a project without a proxy. */
export async function waitForUsers(stage: BenchStage): Promise<void> {
  const { project, path, url } = stage;
  if (url !== undefined) await waitUntilServes({ project, path, url }, AbortSignal.timeout(60_000));
}

/** References by digest that the running containers of the apps were made from, sorted. */
export async function readRunning(stage: BenchStage): Promise<readonly string[]> {
  const filter = `label=com.docker.compose.project=${stage.project}`;
  const format = '{{.Label "com.docker.compose.service"}}\t{{.Image}}';
  const { stdout } = await stage.lab.server.docker(['ps', '--no-trunc', '--filter', filter, '--format', format]);
  return stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([service = '']) => stage.services.includes(service))
    .map(([, image = '']) => image)
    .sort();
}

export { clearStage };
