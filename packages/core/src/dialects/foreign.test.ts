import { expect, test } from 'vitest';
import type { Conversation } from '../conversation/conversation.ts';
import { reportForeignExtras } from './foreign.ts';

const extras = (name: string) => ({ there: { [name]: 1, '@note': 1, nothing: null }, here: { own: 1 } });

test('every extra of another dialect is reported where it stood; own ones, notes and nulls are not', () => {
  const conversation: Conversation = {
    model: 'm',
    streaming: false,
    sampling: {},
    extras: extras('top'),
    tools: [{ type: 'function', name: 't', at: 'tools[0]', extras: extras('flag') }],
    messages: [
      {
        role: 'user',
        at: 'messages[0]',
        extras: extras('mood'),
        parts: [
          {
            type: 'text',
            text: 'x',
            at: 'messages[0].content[0]',
            extras: extras('hint'),
            citations: [{ type: 'url', url: 'https://x.example', extras: extras('cited') }],
          },
        ],
      },
      {
        role: 'tool',
        results: [
          {
            callId: 'c',
            kind: 'function',
            failed: false,
            at: 'messages[1]',
            extras: extras('caller'),
            content: [{ type: 'text', text: 'y', extras: extras('inner') }],
          },
        ],
      },
    ],
  };
  const fields: string[] = [];
  reportForeignExtras(conversation, 'here', ({ type, field }) => void fields.push(`${type} ${field}`));
  expect(fields).toEqual([
    'dropped top',
    'dropped tools[0].flag',
    'dropped messages[0].mood',
    'dropped messages[0].content[0].hint',
    'dropped messages[0].content[0].cited',
    'dropped messages[1].caller',
    'dropped messages.inner',
  ]);
});
