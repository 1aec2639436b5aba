/** The lab as tests, the demo and the bench see it. */
export { LabError } from './error.ts';
export { startBareServer } from './bare-server.ts';
export { startBusyBoxServer } from './busybox-server.ts';
export type { BusyBoxServer } from './busybox-server.ts';
export { openLab } from './handle.ts';
export type { ExtraServer, Lab, LabRegistry, LabServer } from './handle.ts';
export type { ServerRequest } from './extra-servers.ts';
export type { Engine } from './server-tree.ts';
export { downLab, ensureImages, upLab } from './lab.ts';
export type { DownOptions, LabOptions } from './lab.ts';
export type { LocalEngine } from './local.ts';
export { pauseDeploy } from './pause.ts';
export type { Pause, PausePoint } from './pause.ts';
export type { CommandOptions, CommandResult } from './command.ts';
export type { RegistryKind, RegistryRequest } from './registry.ts';
export { APP_RELEASES, DJANGO_RELEASES, WORKER_RELEASES } from './release.ts';
export type {
  FullImages,
  ProxyImages,
  PublishedImage,
  PublishedImages,
  PublishedRelease,
  SmallImages,
} from './release.ts';
export { openWebhookCatcher } from './webhook-catcher.ts';
export type { CatcherAnswer, CatcherService, CaughtRequest, WebhookCatcher } from './webhook-catcher.ts';
