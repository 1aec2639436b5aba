import { LabError } from './error.ts';
import type { FullImages } from './release.ts';
import type { ImageSite } from './small-images.ts';

export function publishFullImages(site: ImageSite): Promise<FullImages> {
  return Promise.reject(new LabError(`no full image set for ${site.registry} yet`));
}
