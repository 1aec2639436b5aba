import type { Lab } from '../../lab/src/index.ts';

/** What a container of the app says it is, asked inside of it. */
export async function askContainer(lab: Lab, id: string): Promise<string> {
  const ask =
    "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/healthz', timeout=5).read().decode())";
  const { stdout } = await lab.server.docker(['exec', id, 'python3', '-c', ask]);
  const answer: unknown = JSON.parse(stdout);
  return typeof answer === 'object' && answer !== null && 'git_sha' in answer ? String(answer.git_sha) : stdout;
}
