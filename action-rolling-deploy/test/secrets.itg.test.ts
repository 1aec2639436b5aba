import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject, withKey, type Project } from './project.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('rolling-secrets');
  await project.write('compose.yaml', 'services:\n  app:\n    image: unset.example/app:0\n');
});

afterAll(async () => {
  await project.remove();
});

/** Command lines and environments of every process on the server, again and again until told to stop. */
async function watchProcesses(signal: AbortSignal): Promise<string> {
  const seen = new Set<string>();
  while (!signal.aborted) {
    const source = 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | sort -u';
    const { stdout } = await project.lab.server.exec(['sh', '-c', source], { allowFailure: true });
    for (const line of stdout.split('\n')) seen.add(line);
    await sleep(50, undefined, { signal }).catch(() => undefined);
  }
  return [...seen].join('\n');
}

describe('secrets of a rollout', () => {
  it('reach the server’s docker pull and appear nowhere else', async () => {
    const { lab } = project;
    const { app } = lab.images;
    // No other test has this account: what is found of it is of this one.
    const { username = '', password = '' } = lab.registry.bearer;
    // Not there yet, so that it has to be pulled with the credentials.
    const ref = lab.reference('bearer', app.repository, app.v2.digest);
    await lab.server.docker(['image', 'rm', '-f', ref], { allowFailure: true });
    const stop = new AbortController();
    const watching = watchProcesses(stop.signal);
    const job = await project.newJob('7001');
    const inputs = { images: `app=${ref}`, 'registry-username': username, 'registry-password': password };
    const result = await job.step({ uses: 'action-rolling-deploy', with: withKey(lab, inputs) });
    const { posts } = await job.finish();
    stop.abort();
    const processes = await watching;
    expect(result.outputs['outcome']).toBe('deployed');
    expect(processes).toContain('docker');

    const keyLine = lab.server.privateKey.split('\n')[1] ?? '';
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const left = await lab.server.exec([
      'sh',
      '-c',
      'grep -rlF -e "$1" -e "$2" /home/deploy /srv /tmp /dev/shm || true',
      'sh',
      password,
      basic,
    ]);
    expect(left.stdout.trim()).toBe('');
    const told = [
      result.rawLog,
      result.summary,
      JSON.stringify(result.outputs),
      ...posts.map((post) => post.rawLog),
      processes,
    ].join('\n');
    for (const secret of [password, basic, keyLine]) expect(told).not.toContain(secret);
  });
});
