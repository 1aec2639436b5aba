import { expect, it } from 'vitest';
import { renderDiscord } from '../src/discord.ts';
import { renderNtfy } from '../src/ntfy.ts';
import { renderSlack } from '../src/slack.ts';
import { renderTeams } from '../src/teams.ts';
import { renderTelegram } from '../src/telegram.ts';
import { announcement, everybody } from './builder.ts';
import { discord } from './golden/discord.ts';
import { ntfy } from './golden/ntfy.ts';
import { slack } from './golden/slack.ts';
import { teamsCard } from './golden/teams-card.ts';
import { telegram } from './golden/telegram.ts';
import { readNtfy } from './ntfy-schema.ts';

const told = announcement({ title: 'shop "<!channel>" @everyone *', mentions: everybody });

it.each([
  ['Slack', renderSlack(told), slack],
  ['Discord', renderDiscord(told), discord],
  ['Teams', renderTeams(told).attachments[0].content, teamsCard],
  ['Telegram', renderTelegram(told), telegram],
  ['ntfy', renderNtfy(told), ntfy],
])(
  'the payload for %s is the golden one, which is held against the types or the schema of the service',
  (_name, payload, golden) => {
    expect(payload).toEqual(golden);
  },
);

it('the golden payload for ntfy is what its documentation takes, and a broken one would not be', () => {
  expect(readNtfy({ topic: 'deploys', ...ntfy })).toEqual([]);
  const broken = { ...ntfy, message: '', priority: 6, colour: 'red', actions: [{ action: 'view', label: 'Open' }] };
  expect(readNtfy(broken)).toEqual(['message', 'priority', 'actions', 'colour', 'topic']);
});
