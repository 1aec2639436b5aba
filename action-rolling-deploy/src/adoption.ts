import { resolveModel } from '@deploy-actions/kit/compose/compose-cli';
import { inspectImages, type StoredImages } from '@deploy-actions/kit/compose/local-images';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { programPart, runBatch } from '@deploy-actions/kit/host/batch';
import { archiveLiveFiles } from '@deploy-actions/kit/state/adopted-files';
import {
  auditPart,
  writeReleasePart,
  type Ledger,
  type RecordedPin,
  type Release,
} from '@deploy-actions/kit/state/release';
import { readStarted } from '@deploy-actions/kit/state/started-services';
import { planAdoption } from './adopted-release.ts';
import type { Prepared } from './prepare.ts';
import { hasEnded } from '@deploy-actions/kit/plan/rollout-plan';
import type { Session } from './session.ts';

/**
 * Before the first deploy over a stack that runs without a ledger: records what runs as release 0, so that there is
 * always a way back. A database that action-migrate started for this very deploy is no such stack: going back to it
 * alone would take the app away. Changes nothing that runs or that Compose resolves. Recorded anew until a deploy has succeeded: a
 * person may have changed the stack since.
 * @returns the deploy with release 0 in its ledger
 */
export async function recordAdopted(session: Session, prepared: Prepared): Promise<Prepared> {
  const { ledger, observation, model } = prepared;
  const { host, inputs, owner, clock } = session;
  const { settings } = inputs;
  const running = observation.containers.filter((container) => !container.isOneOff && !hasEnded(container));
  if (ledger.current !== undefined || running.length === 0) return prepared;
  const started = await readStarted(host, settings.deployPath);
  if (running.every(({ service }) => started.has(service))) {
    session.log(`no release 0: what runs (${[...started].join(', ')}) was started for this deploy`);
    return prepared;
  }
  const live = await resolveLive(session);
  const liveRefs = Object.values(live?.services ?? {}).flatMap(({ image = '' }) => (image === '' ? [] : [image]));
  const images = await inspectImages(host, [...running.map(({ imageId }) => imageId), ...liveRefs]);
  const adoption = planAdoption({
    containers: running,
    images,
    model,
    plan: prepared.plan,
    pins: prepared.intent.pins,
    liveImageIds: imageIdsOf(live, images),
  });
  await archiveLiveFiles(host, settings.deployPath, 0, {
    paths: [...(live?.composeFiles ?? []), ...model.composeFiles],
    privatePaths: ['.env', ...(settings.envFile === undefined ? [] : [settings.envFile])],
  });
  const now = clock.date().toISOString();
  const zero: Release = {
    number: 0,
    result: 'ok',
    isAdopted: true,
    pins: adoption.pins,
    restorePins: adoption.restorePins,
    digests: adoption.digests,
    commit: '',
    runUrl: owner.runUrl,
    actor: owner.actor,
    startedAt: now,
    finishedAt: now,
  };
  await runBatch(host, [
    ...adoption.tags.map(({ imageId, tag }) => programPart(`tag ${tag}`, ['docker', 'tag', imageId, tag])),
    writeReleasePart(settings.deployPath, zero, false),
    auditPart(settings.deployPath, { at: now, what: 'adopted', release: 0, actor: owner.actor, runUrl: owner.runUrl }),
  ]);
  session.log(`recorded what runs as release 0: ${Object.keys(adoption.digests).join(', ')}`);
  const releases = [zero, ...ledger.releases.filter(({ number }) => number !== 0)];
  return { ...prepared, ledger: { ...ledger, releases } };
}

/** The files that are live, without any pin; undefined where they do not resolve. */
async function resolveLive({ host, inputs }: Session): Promise<ComposeModel | undefined> {
  const { settings } = inputs;
  return resolveModel({ host, settings, baseDir: settings.deployPath, pins: [] }).catch(() => undefined);
}

function imageIdsOf(live: ComposeModel | undefined, images: StoredImages): Readonly<Record<string, string>> {
  const pairs = Object.values(live?.services ?? {}).flatMap(({ name, image = '' }) => {
    const stored = images.get(image);
    return stored === undefined ? [] : [[name, stored.id] as const];
  });
  return Object.fromEntries(pairs);
}

/** The pins that a deploy goes back to when it fails: the current release's; before the first one, those of release 0. */
export function pinsToRestore({ current, releases }: Ledger): readonly RecordedPin[] {
  return current?.pins ?? releases.find(({ isAdopted }) => isAdopted === true)?.restorePins ?? [];
}
