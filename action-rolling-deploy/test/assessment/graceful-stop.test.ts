import { describe, expect, it } from 'vitest';
import { assessStops } from '@deploy-actions/kit/plan/graceful-stop';
import { readModelDetails } from '@deploy-actions/kit/plan/model-details';
import type { PlanNote } from '@deploy-actions/kit/plan/plan-note';
import type { FirstProcess } from '@deploy-actions/kit/plan/server-facts';
import { facts, modelText, servicePlan } from './facts.ts';

function notesOf(body: object, first?: FirstProcess): readonly PlanNote[] {
  const details = readModelDetails(modelText({ services: { web: body } }));
  const containers = first === undefined ? {} : { 'web-old': { memory: undefined, first } };
  return assessStops([servicePlan('web', first === undefined ? { stale: [] } : {})], details, facts({ containers }));
}

const gunicorn = ['gunicorn', 'shop.wsgi', '--graceful-timeout', '60'];

describe('the grace period', () => {
  it.each([
    ['gunicorn’s option', { command: gunicorn }, '65s'],
    ['gunicorn’s option with =', { command: ['/venv/bin/gunicorn', '--graceful-timeout=40'] }, '45s'],
    ['gunicorn in a shell line', { command: ['sh', '-c', 'exec gunicorn --graceful-timeout 20 app'] }, '25s'],
    [
      'gunicorn’s variable',
      { command: ['gunicorn', 'app'], environment: { GUNICORN_CMD_ARGS: '--graceful-timeout 90' } },
      '95s',
    ],
    ['uvicorn’s option', { command: ['uvicorn', '--timeout-graceful-shutdown', '30', 'app:app'] }, '35s'],
    [
      'uvicorn’s variable',
      { command: ['uvicorn', 'app:app'], environment: { UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN: '30' } },
      '35s',
    ],
  ])('shorter than %s is a warning that says which would do', (_what, body, grace) => {
    const [note] = notesOf(body);
    expect(note?.level).toBe('warning');
    expect(note?.text).toContain(`set stop_grace_period: ${grace}`);
  });

  it('longer than the app’s own is not mentioned', () => {
    expect(notesOf({ command: gunicorn, stop_grace_period: '1m10s' })).toEqual([]);
  });

  it('prefers the command line to the variable, as gunicorn does', () => {
    const environment = { GUNICORN_CMD_ARGS: '--graceful-timeout 90' };
    expect(notesOf({ command: ['gunicorn', '--graceful-timeout', '5'], environment })).toEqual([]);
  });

  it('of gunicorn without a setting is said, since Docker’s is shorter', () => {
    expect(notesOf({ command: ['gunicorn', 'shop.wsgi'] })[0]).toMatchObject({ level: 'info' });
  });

  it('of an unknown server is not guessed', () => {
    expect(notesOf({ command: ['node', 'server.js'] })).toEqual([]);
  });
});

describe('a first process', () => {
  const deaf: FirstProcess = { name: 'sh', stopSignal: 'SIGTERM', hearsStopSignal: false };

  it('that is a shell and does not hear the signal is a warning, once', () => {
    const notes = notesOf({ command: ['sh', '-c', 'gunicorn app; true'], stop_grace_period: '30s' }, deaf);
    expect(notes).toHaveLength(1);
    expect(notes[0]?.text).toContain('the first process of web (sh) does not hear SIGTERM: it is killed after 30.0s');
    expect(notes[0]?.text).toContain('`exec`');
  });

  it('that hears it, or of which nothing is known, is not mentioned', () => {
    const command = ['sh', '-c', 'serve; true'];
    expect(notesOf({ command }, { ...deaf, hearsStopSignal: true })).toEqual([]);
    expect(notesOf({ command }, { ...deaf, hearsStopSignal: undefined })).toEqual([]);
  });

  it.each([
    ['warns of a shell without exec', { command: ['sh', '-c', 'python app.py'] }, 1],
    ['is quiet about exec', { command: ['/bin/sh', '-c', 'migrate && exec python app.py'] }, 0],
    ['is quiet about init', { command: ['sh', '-c', 'python app.py'], init: true }, 0],
  ])('before it ever ran is judged by its text: %s', (_what, body, count) => {
    expect(notesOf(body)).toHaveLength(count);
  });
});
