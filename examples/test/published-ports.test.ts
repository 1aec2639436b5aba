import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('the examples publish a port of the lab’s server each: their tests run side by side', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts'));
  const texts = files.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));
  const ports = texts.flatMap((text) => [...text.matchAll(/'(18\d{3})'/g)].map(([, port]) => port));
  expect(ports.length).toBeGreaterThan(3);
  expect(ports.filter((port, index) => ports.indexOf(port) !== index)).toEqual([]);
});
