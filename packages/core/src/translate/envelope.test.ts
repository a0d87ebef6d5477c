import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Envelope } from '../dialects/binding.ts';
import type { JsonObject } from '../json.ts';
import { wrapBytes, wrapObject } from './envelope.ts';

const bedrock: Envelope = {
  set: { anthropic_version: 'bedrock-2023-05-31' },
  omit: ['model', 'stream'],
  omitHeaders: ['anthropic-version'],
  headerMembers: {
    'anthropic-beta': {
      member: 'anthropic_beta',
      allows: (flag) => !flag.startsWith('mcp-client'),
      governs: (flag) => (flag.startsWith('mcp-client') ? ['mcp_servers'] : []),
    },
  },
};

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

describe('B1 a place’s envelope', () => {
  test('leaves all bytes alone that it does not name', () => {
    const body = bytes('{ "model":"claude", "max_tokens" : 1e2,\n"stream": true, "big": 12345678901234567890 }');
    const wrapped = wrapBytes(bedrock, body, { 'anthropic-version': '2023-06-01', 'content-type': 'application/json' });
    expect(text(wrapped.body)).toBe(
      '{"anthropic_version":"bedrock-2023-05-31", "max_tokens" : 1e2,\n"big": 12345678901234567890 }',
    );
    expect(wrapped.headers).toEqual({ 'content-type': 'application/json' });
    expect(wrapped.notices).toEqual([]);
  });

  test('an empty or absent envelope changes nothing', () => {
    const body = bytes('{"model":"m"}');
    const headers = { 'anthropic-beta': 'a' };
    expect(wrapBytes(undefined, body, headers)).toEqual({ body, headers, notices: [] });
    expect(wrapBytes({}, body, headers).body).toBe(body);
    expect(wrapObject(undefined, { model: 'm' }, headers).body).toEqual({ model: 'm' });
  });

  test('H3 a header’s words become a member of the body, behind the words that are there, each once', () => {
    const headers = { 'anthropic-beta': 'b-2025, a-2025,,b-2025', 'x-other': '1' };
    const wrapped = wrapBytes(bedrock, bytes('{"anthropic_beta":["a-2025"],"messages":[]}'), headers);
    expect(JSON.parse(text(wrapped.body))).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['a-2025', 'b-2025'],
      messages: [],
    });
    expect(wrapped.headers).toEqual({ 'x-other': '1' });
  });

  test('H3, H4 a word that the place does not take is left out together with what it governs, and both are told', () => {
    const headers = { 'anthropic-beta': 'mcp-client-2025-11-20' };
    const wrapped = wrapBytes(bedrock, bytes('{"mcp_servers":[1],"messages":[]}'), headers);
    expect(JSON.parse(text(wrapped.body))).toEqual({ anthropic_version: 'bedrock-2023-05-31', messages: [] });
    expect(wrapped.notices.map(({ type, field }) => `${type} ${field}`)).toEqual([
      'dropped anthropic-beta: mcp-client-2025-11-20',
      'dropped mcp_servers',
    ]);
  });

  test('bytes and object become the same', () => {
    const names = fc.constantFrom('model', 'stream', 'anthropic_beta', 'mcp_servers', 'messages', 'anthropic_version');
    const flags = fc.array(fc.constantFrom('a-2025', 'mcp-client-2025-11-20', 'b'), { maxLength: 3 });
    fc.assert(
      fc.property(fc.dictionary(names, flags), flags, (body: JsonObject, words) => {
        const headers = words.length > 0 ? { 'anthropic-beta': words.join(',') } : {};
        const relayed = wrapBytes(bedrock, bytes(JSON.stringify(body)), headers);
        const converted = wrapObject(bedrock, body, headers);
        expect(JSON.parse(text(relayed.body))).toEqual(converted.body);
        expect({ ...relayed, body: 0 }).toEqual({ ...converted, body: 0 });
      }),
    );
  });
});
