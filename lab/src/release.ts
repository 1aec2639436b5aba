/** One commit of one of the lab's programs, as its image is tagged. */
export interface Release {
  readonly version: string;
  /** The commit: 40 hex digits, the tag and the label org.opencontainers.image.revision. */
  readonly sha: string;
  /** Baked into the image beside GIT_SHA and APP_VERSION. */
  readonly env: Readonly<Record<string, string>>;
  /** How long failures of its health check do not count. Default: longer than any start takes. */
  readonly startSeconds?: number;
}

/** `v3` is broken: it runs, but its port never opens. */
export const APP_RELEASES = {
  v1: { version: '1.0.0', sha: '8de1e8e00154c089d734a379bf807a76fe402817', env: {} },
  v2: { version: '2.0.0', sha: '8df56b837a2b164c0f8b3799f4c3e43a58681397', env: {} },
  v3: {
    version: '3.0.0',
    sha: '0d9e93e99de9a9bdf27d459078ee1620ded9e3cc',
    env: { NEVER_HEALTHY: '1' },
    startSeconds: 1,
  },
} as const satisfies Readonly<Record<string, Release>>;

export const WORKER_RELEASES = {
  v1: { version: '1.0.0', sha: 'b810814b343840168a501f20bb072d1b3b4d809d', env: {} },
  v2: { version: '2.0.0', sha: '60754d1372f51c6c0060b46741540ae3a9fb197c', env: {} },
} as const satisfies Readonly<Record<string, Release>>;

/** `v1` has one migration, `v2` a second one, `v3` a third one that fails. */
export const DJANGO_RELEASES = {
  v1: { version: '1.0.0', sha: '6a784db9f4f6d9bbc16d11f0da5c4c43957d5fb0', env: {} },
  v2: { version: '2.0.0', sha: '6326c14b5f393c8d59afcd25d0355f01bac830f2', env: {} },
  v3: { version: '3.0.0', sha: '4a58f8cf4ba337b36c711093b303d782471f0125', env: {} },
} as const satisfies Readonly<Record<string, Release>>;

/** What a published release is called in the registries. */
export interface PublishedRelease {
  readonly sha: string;
  readonly version: string;
  /** `sha256:…` of the manifest that the tag names. */
  readonly digest: string;
}

export interface PublishedImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

type Published<K extends string> = { readonly repository: string } & Readonly<Record<K, PublishedRelease>>;

/** The small set: always there. */
export interface SmallImages {
  readonly app: Published<keyof typeof APP_RELEASES>;
  /** The same app, v1, readable without an account in the bearer registry too. */
  readonly appPublic: PublishedImage;
  /** App v1 under its commit's tag, but with another commit in the revision label. */
  readonly appMislabelled: PublishedImage;
  /** App v1 for a platform that is not this machine's. */
  readonly appOtherPlatform: PublishedImage & { readonly architecture: string };
  /** App v1 as an index of this machine's platform and another one. */
  readonly appIndex: PublishedImage & { readonly manifests: Readonly<Record<string, string>> };
  readonly worker: Published<keyof typeof WORKER_RELEASES>;
  readonly haproxy: PublishedImage;
}

/** The full set: after `up --full`. */
export interface FullImages {
  readonly django: Published<keyof typeof DJANGO_RELEASES>;
  readonly postgres: PublishedImage;
}

/** The other proxies: after `up --proxies`. */
export interface ProxyImages {
  /** Mount what it serves at /etc/nginx/conf.d. */
  readonly nginx: PublishedImage;
  /** Mount its configuration at /etc/caddy/Caddyfile. */
  readonly caddy: PublishedImage;
}

/** Databases beside PostgreSQL: after `up --databases`. */
export interface DatabaseImages {
  /** MARIADB_ROOT_PASSWORD, MARIADB_DATABASE, MARIADB_USER and MARIADB_PASSWORD as in the official image. */
  readonly mariadb: PublishedImage;
  /** SQLite's shell, for a container beside the app that has the file. */
  readonly sqlite: PublishedImage;
}

export interface PublishedImages extends SmallImages, Partial<ProxyImages>, Partial<DatabaseImages> {
  readonly full: FullImages | undefined;
}
