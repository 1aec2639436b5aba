import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import type { Letter } from '../src/delivery.ts';
import { loadInputs } from '../src/inputs.ts';
import { writeLetters } from '../src/letters.ts';
import { formatRefs } from '../src/message-ref.ts';
import { announcement, everybody, notifyInputs } from './builder.ts';

const hook = 'https://discord.com/api/webhooks/1234567890/discorddiscord';

/** The one letter that these inputs make. */
function letterOf(
  inputs: Readonly<Record<string, string>>,
  overrides: Parameters<typeof announcement>[0] = {},
): Letter {
  const { destinations, relation } = loadInputs(fakeRunner(notifyInputs(inputs)));
  const [letter] = writeLetters(announcement(overrides), destinations, relation);
  return letter ?? expect.unreachable('no letter');
}

describe('a thread of a forum on Discord', () => {
  const forum = { 'discord-webhook': hook, 'discord-thread-name': `Deploy ${'x'.repeat(200)}` };
  const begun = { ...forum, 'message-ref': formatRefs({ discord: { id: '4711555', thread: '88888' } }) };

  it('is begun by the first message, under a name that Discord takes', () => {
    const { url, payload } = letterOf(forum);
    expect(url.search).toBe('?wait=true');
    expect(payload).toMatchObject({ thread_name: `Deploy ${'x'.repeat(92)}…` });
  });

  it('is where the message is changed and where people are called afterwards, and is not begun again', () => {
    const change = letterOf(begun, { mentions: everybody });
    expect([change.method, change.url.pathname, change.url.search]).toEqual([
      'PATCH',
      '/api/webhooks/1234567890/discorddiscord/messages/4711555',
      '?thread_id=88888',
    ]);
    expect(change.payload).not.toHaveProperty('thread_name');
    expect(change.next?.url.search).toBe('?wait=true&thread_id=88888');
    // Somebody deleted it: then it begins anew.
    expect(change.otherwise?.payload).toHaveProperty('thread_name');
  });

  it('is where an answer goes', () => {
    const answer = letterOf({ ...begun, thread: 'true' });
    expect([answer.method, answer.url.search]).toEqual(['POST', '?wait=true&thread_id=88888']);
    expect(answer.payload).not.toHaveProperty('thread_name');
  });
});
