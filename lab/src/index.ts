/** The lab as tests, the demo and the bench see it. */
export { LabError } from './error.ts';
export { openLab } from './handle.ts';
export type { Lab, LabRegistry, LabServer } from './handle.ts';
export { downLab, ensureImages, upLab } from './lab.ts';
export type { DownOptions, LabOptions } from './lab.ts';
export type { LocalEngine } from './local.ts';
export type { CommandOptions, CommandResult } from './command.ts';
export type { RegistryKind, RegistryRequest } from './registry.ts';
export { APP_RELEASES, DJANGO_RELEASES, WORKER_RELEASES } from './release.ts';
export type { FullImages, PublishedImage, PublishedImages, PublishedRelease, SmallImages } from './release.ts';
export { openWebhookCatcher } from './webhook-catcher.ts';
export type { CatcherAnswer, CaughtRequest, WebhookCatcher } from './webhook-catcher.ts';
