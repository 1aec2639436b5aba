/** Operating system and CPU of an image, normalised by {@link normalisePlatform}. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Empty where the architecture's default variant is meant. */
  readonly variant: string;
}

const architectureAliases: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
  i386: '386',
};

/** Spells a platform as containerd does (platforms/database.go): arm64 is arm64/v8, arm is arm/v7, amd64 is amd64/v1. */
export function normalisePlatform(os: string, architecture: string, variant: string): Platform {
  const typed = architecture.toLowerCase();
  const arch = architectureAliases[typed] ?? typed;
  const given = typed === 'armel' && variant === '' ? 'v6' : variant.toLowerCase().replace(/^(\d)/, 'v$1');
  const isDefault = (arch === 'arm64' && given === 'v8') || (arch === 'amd64' && given === 'v1');
  const normal = arch === 'arm' && given === '' ? 'v7' : given;
  return { os: os.toLowerCase(), architecture: arch, variant: isDefault ? '' : normal };
}

/** Reads `linux/amd64` or `linux/arm/v7`; undefined when the text is no platform. */
export function parsePlatform(text: string): Platform | undefined {
  const [, os = '', architecture = '', variant = ''] =
    /^([a-z0-9]+)\/([a-z0-9_-]+)(?:\/([a-z0-9.]+))?$/i.exec(text) ?? [];
  return os === '' ? undefined : normalisePlatform(os, architecture, variant);
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== '').join('/');
}

export function isSamePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(a) === formatPlatform(b);
}
