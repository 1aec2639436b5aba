import type { Registry } from './registry.ts';

/** Asks once for what several images have in common; what failed is asked for again. */
export function shareRequests(registry: Registry): Registry {
  const pending = new Map<string, Promise<unknown>>();
  const share = <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const known = pending.get(key);
    if (known !== undefined) return known as Promise<T>;
    const asked = ask();
    pending.set(key, asked);
    asked.catch(() => pending.delete(key));
    return asked;
  };
  return {
    manifest: (image, reference) =>
      share(`manifest ${image.registry}/${image.repository} ${reference}`, () => registry.manifest(image, reference)),
    child: (image, descriptor) =>
      share(`child ${image.registry}/${image.repository} ${descriptor.digest}`, () =>
        registry.child(image, descriptor),
      ),
    blob: (image, descriptor) =>
      share(`blob ${image.registry}/${image.repository} ${descriptor.digest}`, () => registry.blob(image, descriptor)),
    artifact: (image, reference) =>
      share(`artifact ${image.registry}/${image.repository} ${reference}`, () => registry.artifact(image, reference)),
    referrers: (image, digest) =>
      share(`referrers ${image.registry}/${image.repository} ${digest}`, () => registry.referrers(image, digest)),
  };
}
