import { expect, it } from 'vitest';
import { renderDiscord } from '../src/discord.ts';
import { renderNtfy } from '../src/ntfy.ts';
import { renderSlack } from '../src/slack.ts';
import { renderTeams } from '../src/teams.ts';
import { renderTelegram } from '../src/telegram.ts';
import { announcement, everybody } from './builder.ts';
import { discord, ntfy, slack, teamsCard, telegram } from './golden.ts';

const told = announcement({ title: 'shop "<!channel>" @everyone *', mentions: everybody });

it.each([
  ['Slack', renderSlack(told), slack],
  ['Discord', renderDiscord(told), discord],
  ['Teams', renderTeams(told).attachments[0].content, teamsCard],
  ['Telegram', renderTelegram(told), telegram],
  ['ntfy', renderNtfy(told), ntfy],
])(
  'the payload for %s is the golden one, which the compiler holds against the official types',
  (_name, payload, golden) => {
    expect(payload).toEqual(golden);
  },
);
