import { describe, expect, it } from 'vitest';
import { parseComposeModel, type ComposeModel } from '../../src/compose/model.ts';
import { dropPhantomPins } from '../../src/compose/preflight.ts';
import type { RecordedPin } from '../../src/state/release.ts';

const modelOf = (...names: readonly string[]): ComposeModel =>
  parseComposeModel(JSON.stringify({ services: Object.fromEntries(names.map((name) => [name, { image: 'x' }])) }));
const pin = (kind: RecordedPin['kind'], name: string): RecordedPin => ({ kind, name, ref: 'r.example/x@sha256:1' });

describe('the pins of a release before', () => {
  it('do not bring back a service that left the compose files', () => {
    const pins = [pin('service', 'web'), pin('service', 'gone'), pin('env', 'API_IMAGE')];
    expect(dropPhantomPins(pins, modelOf('web'), modelOf('web', 'gone'))).toEqual([
      pin('service', 'web'),
      pin('env', 'API_IMAGE'),
    ]);
  });

  it('stay with a service that is only switched off by its profile', () => {
    const pins = [pin('service', 'web'), pin('service', 'nightly')];
    expect(dropPhantomPins(pins, modelOf('web'), modelOf('web'))).toEqual(pins);
  });
});
