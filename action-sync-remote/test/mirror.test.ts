import { parseDeployPath } from '@deploy-actions/kit/state/deploy-path';
import { localHost } from '@deploy-actions/kit/host/local-host';
import { runBatch } from '@deploy-actions/kit/host/batch';
import { describe, expect, it } from 'vitest';
import { listPart, planMirror } from '../src/mirror.ts';
import { askedMountsPart, findPinned, mountsOfText, parseMounts, parsePlace } from '../src/mounts.ts';
import { findCollisions } from '../src/name-collision.ts';
import { makeFolder } from './source-fixture.ts';

describe('what a mirror deletes', () => {
  const listed = './compose.yaml\n./old\n./data/db\n./data/deep/er\n./.env\n./a\\b\n./conf/x\n./notes.md\n';
  const plan = planMirror(
    listed,
    new Set(['compose.yaml']),
    { isProtected: (path) => path === '.env', isLeftOut: (path) => path === 'notes.md' },
    [{ path: 'data', service: 'db' }],
  );

  it('is what neither the source has, nor anybody protects, nor a container has mounted', () => {
    expect(plan.deletable).toEqual(['conf/x', 'old']);
  });

  it('says what it keeps, one line for each mount', () => {
    expect(plan.kept).toEqual([
      'data (mounted by db: 2 file(s))',
      '.env (protected)',
      'a\\b (its name)',
      'notes.md (left out of the source)',
    ]);
  });

  it('is nothing where deploy-path itself is mounted', () => {
    const all = planMirror(listed, new Set(), { isProtected: () => false, isLeftOut: () => false }, [
      { path: '', service: 'dev' },
    ]);
    expect(all.deletable).toEqual([]);
  });

  it('never lists a name with a newline: a list of lines would name another file', async () => {
    const folder = makeFolder({ 'x\n./precious': '1', seen: '1', '.hidden/file': '1', '.deploy/format': '1' });
    const [result] = await runBatch(localHost(), [listPart(parseDeployPath(folder))]);
    expect(result?.stdout.trim().split('\n').sort()).toEqual(['./.hidden/file', './seen']);
  });
});

describe('mounts', () => {
  it('are those of containers and volumes, relative to deploy-path whichever name of it they know', () => {
    const text =
      'r /data/app\nb /srv/app/nginx.conf\tweb\nb /data/app/db\t/by-hand\nb /srv/other\tx\nb /srv\tdev\nb /srv/app\tdev\n';
    expect(parseMounts(text, '/srv/app')).toEqual([
      { path: 'nginx.conf', service: 'web' },
      { path: 'db', service: 'by-hand' },
      { path: '', service: 'dev' },
      { path: '', service: 'dev' },
    ]);
  });

  it.each([
    ['- ./data:/var/lib/x', ['data']],
    ['- "./my/data/:/x:ro"', ['my/data']],
    ['volumes: [./a:/a, "./b:/b"]', ['a', 'b']],
    ['source: uploads', ['sub/uploads', 'uploads']],
    ['  device: /srv/app/disk', ['disk']],
    ['- ${DATA:-./fallback}:/x', ['fallback']],
    ['- ${PWD}/here:/x', ['here']],
    ['- named:/x', []],
    ['- ../outside:/x', []],
    ['- /etc/localtime:/etc/localtime', []],
  ])('are read from %s', (text, paths) => {
    const found = mountsOfText(text, text.includes('source') ? 'sub' : '.', '/srv/app');
    expect(found).toEqual(paths);
  });

  it('are asked of the engine, in one question, where there is a door to it', async () => {
    const bind = (Source: string) => ({ Type: 'bind', Source });
    const containers = [
      { Names: ['/app-web-1'], Labels: { 'com.docker.compose.service': 'web' }, Mounts: [bind('/data/app/conf')] },
      { Names: ['/alone'], Labels: {}, Mounts: [bind('/srv/app/x'), { Type: 'volume', Source: '/srv/app/v' }] },
      { Names: ['/bare'] },
    ];
    const asked: string[] = [];
    const engine = {
      get: (path: string) => {
        asked.push(path);
        return Promise.resolve({ status: 200, body: containers });
      },
    };
    const part = askedMountsPart(parseDeployPath('/srv/app'), '/data/app');
    const result = await part.ask?.(engine, new AbortController().signal);
    expect(asked).toEqual(['/containers/json?all=1']);
    expect(parseMounts(result?.stdout ?? '', '/srv/app')).toEqual([
      { path: 'conf', service: 'web' },
      { path: 'x', service: 'alone' },
    ]);
    const broken = { get: () => Promise.resolve({ status: 500, body: [] }) };
    await expect(part.ask?.(broken, new AbortController().signal)).rejects.toThrow(
      'answered /containers/json?all=1 with 500',
    );
  });

  it('are asked of the CLI where the real deploy-path is not known', () => {
    const place = parsePlace('');
    expect([place, askedMountsPart(parseDeployPath('/srv/app'), place.real).ask]).toEqual([
      { socket: '', real: '' },
      undefined,
    ]);
  });

  it('of single files are named when those files change, of folders never', () => {
    const mounts = [
      { path: 'nginx.conf', service: 'web' },
      { path: 'nginx.conf', service: 'web' },
      { path: 'conf', service: 'app' },
    ];
    expect(findPinned(['nginx.conf', 'conf/x'], mounts)).toEqual([{ path: 'nginx.conf', service: 'web' }]);
  });
});

describe('names that collide', () => {
  it('differ in case or in the form of a letter; below folders that do, the folders alone are said', () => {
    expect(findCollisions(['a/x', 'A/x', 'README.md', 'readme.md', 'caf\u00e9', 'cafe\u0301', 'other'])).toEqual([
      ['A', 'a'],
      ['README.md', 'readme.md'],
      ['cafe\u0301', 'caf\u00e9'],
    ]);
  });

  it('are none in a plain set', () => {
    expect(findCollisions(['a/x', 'a/y', 'b'])).toEqual([]);
  });
});
