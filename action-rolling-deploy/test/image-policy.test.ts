import type { StoredImage, StoredImages } from '@deploy-actions/kit/compose/local-images';
import { describe, expect, it } from 'vitest';
import {
  describeRunning,
  findUnchecked,
  judgeImage,
  lacksHealthcheck,
  nameDigests,
  noteImages,
} from '@deploy-actions/kit/plan/image-policy';
import { planRollout } from '@deploy-actions/kit/plan/rollout-plan';
import { container, model, service } from './builders.ts';

const digest = `sha256:${'d'.repeat(64)}`;
const stored = (overrides: Partial<StoredImage> = {}): StoredImage => ({
  id: 'sha256:1',
  repoDigests: [`postgres@${digest}`],
  platform: 'linux/amd64',
  hasHealthcheck: false,
  ...overrides,
});
const nothing: ReadonlySet<string> = new Set();
const judge = (image: string, here: StoredImage | undefined, running = nothing, allows = false): string =>
  judgeImage({ image, hasBuild: false }, here, running, allows).kind;

describe('the image of a changed service', () => {
  it.each([`postgres@${digest}`, 'postgres:15.4.2', 'acme/api:sha-1234567', `acme/api:${'a'.repeat(40)}`])(
    'may be %s, which does not move: pulled where it is missing',
    (image) => {
      expect(judge(image, undefined)).toBe('pull');
      expect(judge(image, stored())).toBe('ready');
    },
  );

  it.each(['postgres', 'postgres:latest', 'postgres:15', 'acme/api:1.16', 'acme/api:main'])(
    'may not be %s where that would decide what runs',
    (image) => {
      expect(judge(image, undefined)).toBe('refused');
      expect(judge(image, stored())).toBe('refused');
      expect(judge(image, stored(), new Set(['sha256:other']))).toBe('refused');
    },
  );

  it('may float where it names what runs already, or where the user allows it', () => {
    expect(judge('postgres:15', stored(), new Set(['sha256:1']))).toBe('ready');
    expect(judge('postgres:15', undefined, nothing, true)).toBe('pull');
  });

  it('is nobody’s tag where the server builds it', () => {
    expect(judgeImage({ image: 'shop-web', hasBuild: true }, undefined, nothing, false).kind).toBe('ready');
  });
});

describe('a floating tag', () => {
  const wanted = model(service('db', { image: 'postgres:15' }), service('cache', { image: 'redis' }));
  const use = (names: readonly string[], images: StoredImages, allowsMutableTags = false) => {
    const observed = { containers: [], wantedHashes: {}, keep: nothing, spent: nothing };
    const changed = planRollout(wanted, observed).services.filter((plan) => names.includes(plan.service));
    return { model: wanted, changed, containers: [], images, allowsMutableTags, healthcheck: 'ignore' as const };
  };

  it('is refused with service, image, reason and the digest to write instead', () => {
    expect(noteImages(use(['db'], new Map([['postgres:15', stored()]])))).toMatchObject([
      {
        level: 'refusal',
        code: 'MUTABLE_TAG',
        text: 'service db: postgres:15 – the tag 15 moves to each new 15.x; what it names now is not what runs',
        hint: expect.stringContaining(`postgres@${digest}`) as string,
      },
    ]);
    expect(noteImages(use(['cache'], new Map()))).toMatchObject([
      { text: expect.stringContaining('pulled') as string },
    ]);
    expect(noteImages(use(['cache', 'db'], new Map(), true))).toEqual([]);
  });

  it('of a service that is left alone is nobody’s business', () => {
    expect(noteImages(use([], new Map()))).toEqual([]);
  });
});

describe('a health check', () => {
  it('may come from the compose file or from the image, and may be switched off', () => {
    const bare = service('web', { hasHealthcheck: false });
    expect(lacksHealthcheck(service('web'), undefined)).toBe(false);
    expect(lacksHealthcheck(bare, stored({ hasHealthcheck: true }))).toBe(false);
    expect(lacksHealthcheck(bare, stored())).toBe(true);
    const off = service('web', { hasHealthcheck: false, isHealthcheckDisabled: true });
    expect(lacksHealthcheck(off, stored({ hasHealthcheck: true }))).toBe(true);
  });

  it('that lacks is told by the plan, where the image is there to be asked', () => {
    const wanted = model(service('web', { image: 'web:1.0.0', hasHealthcheck: false }));
    const observed = { containers: [], wantedHashes: {}, keep: nothing, spent: nothing };
    const changed = planRollout(wanted, observed).services;
    const notes = (images: StoredImages, healthcheck: 'require' | 'warn' | 'ignore') =>
      noteImages({ model: wanted, changed, containers: [], images, allowsMutableTags: false, healthcheck });
    const here = new Map([['web:1.0.0', stored()]]);
    expect(notes(here, 'require')).toMatchObject([{ level: 'refusal', code: 'NO_HEALTHCHECK', service: 'web' }]);
    expect(notes(here, 'warn')).toMatchObject([{ level: 'warning', service: 'web' }]);
    expect(notes(here, 'ignore')).toEqual([]);
    expect(notes(new Map(), 'require')).toEqual([]);
  });

  it('is required, asked for, or ignored', () => {
    const wanted = model(service('web', { hasHealthcheck: false }), service('api'));
    const { services } = planRollout(wanted, { containers: [], wantedHashes: {}, keep: nothing, spent: nothing });
    expect(findUnchecked(wanted, services, new Map(), 'warn')).toEqual(['web']);
    expect(findUnchecked(wanted, services, new Map(), 'ignore')).toEqual([]);
    expect(() => findUnchecked(wanted, services, new Map(), 'require')).toThrow(
      expect.objectContaining({
        code: 'NO_HEALTHCHECK',
        message: expect.stringContaining('web has no') as string,
      }) as Error,
    );
  });
});

describe('a plan', () => {
  it('says which digest a tag stands for on the server', () => {
    const wanted = model(service('db', { image: 'postgres:15.4.2' }), service('web', { image: `web@${digest}` }));
    const observed = { containers: [], wantedHashes: {}, keep: nothing, spent: nothing };
    const images = new Map([
      ['postgres:15.4.2', stored()],
      [`web@${digest}`, stored()],
    ]);
    const named = nameDigests(planRollout(wanted, observed).services, images);
    expect(named.map((plan) => plan.digest)).toEqual([`postgres@${digest}`, undefined]);
    expect(nameDigests(named.slice(0, 1), new Map())[0]?.image).toBe('postgres:15.4.2');
  });
});

describe('what runs', () => {
  it('is said by digest also where a tag made it, unless the tag has moved since', () => {
    const db = container('1', 'db', { image: 'postgres:15.4.2', imageId: 'sha256:1' });
    const images = new Map([['postgres:15.4.2', stored()]]);
    expect(describeRunning([db], images)).toEqual({ db: `postgres@${digest}` });
    expect(describeRunning([{ ...db, imageId: 'sha256:2' }], images)).toEqual({ db: 'postgres:15.4.2' });
    expect(describeRunning([db], new Map())).toEqual({ db: 'postgres:15.4.2' });
  });

  it('shows two versions at once, and no ended or one-off container', () => {
    const one = container('1', 'web', { image: 'a@sha256:1' });
    const two = container('2', 'web', { image: 'a@sha256:2' });
    const ended = container('3', 'web', { image: 'a@sha256:3', status: 'exited' });
    const oneOff = container('4', 'web', { image: 'a@sha256:4', isOneOff: true });
    expect(describeRunning([one, two, ended, oneOff], new Map())).toEqual({ web: 'a@sha256:1 + a@sha256:2' });
  });
});

describe('a service that is left alone', () => {
  const shop = model(service('db', { image: 'postgres:15' }));
  const noteOf = (imageId: string, here: StoredImage | undefined): readonly string[] => {
    const containers = [container('a', 'db', { imageId })];
    const observed = { containers, wantedHashes: { db: containers[0]?.configHash ?? '' } };
    const unchanged = planRollout(shop, { ...observed, keep: new Set(['a']), spent: new Set() }).services;
    const images = new Map(here === undefined ? [] : [['postgres:15', here]]);
    const use = { model: shop, changed: [], unchanged, containers, images };
    return noteImages({ ...use, allowsMutableTags: false, healthcheck: 'warn' }).map(({ text }) => text);
  };

  it('is named where its tag was moved under it: Compose would replace it', () => {
    expect(noteOf('sha256:0', stored())).toEqual([expect.stringContaining('postgres:15 names another image')]);
  });

  it('is not named where the tag names what runs, or nothing here', () => {
    expect(noteOf('sha256:1', stored())).toEqual([]);
    expect(noteOf('sha256:0', undefined)).toEqual([]);
  });
});
