import { upLab } from '../lab/src/index.ts';

/** Vitest calls this once before the first lab test. The lab stays up for the next run; `npm run lab -- down` takes it down. */
export default async function setUp(): Promise<void> {
  await upLab();
}
