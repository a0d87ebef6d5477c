import { describe, expect, test } from 'vitest';
import type { Message, Part } from '../../conversation/message.ts';
import type { Notice } from '../../conversation/notice.ts';
import { list, object, type JsonObject } from '../../json.ts';
import { assistant, encode, look, sonnet45, system, user } from '../../testing/anthropic.ts';
import { anthropicMessages } from './index.ts';

describe('cache, media, flags', () => {
  test('P1 of more than four marks the first and the last three stay', () => {
    const parts = ['1', '2', '3', '4', '5'].map((text): Part => ({ type: 'text', text, cache: {} }));
    const { body, fields } = encode({
      messages: [{ role: 'user', parts }],
      tools: [{ ...look, cache: { ttl: '1h' } }],
    });
    expect(list(body.tools)[0]).toHaveProperty('cache_control', { type: 'ephemeral', ttl: '1h' });
    const marked = list(object(list(body.messages)[0])?.content).map(
      (block) => object(block)?.cache_control !== undefined,
    );
    expect(marked).toEqual([false, false, true, true, true]);
    expect(fields).toEqual(['dropped cache']);
  });
  test('P1 the automatic mark takes a place of its own', () => {
    const parts = ['1', '2', '3', '4'].map((text): Part => ({ type: 'text', text, cache: {} }));
    const { body } = encode({ messages: [{ role: 'user', parts }], cache: {} });
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
    expect(body.cache_control).toEqual({ type: 'ephemeral' });
  });
  test('P1 a schema property called cache_control is not a mark', () => {
    const parameters = { type: 'object', properties: { cache_control: { type: 'object' } } };
    const parts = ['1', '2', '3', '4'].map((text): Part => ({ type: 'text', text, cache: {} }));
    const { body, notices } = encode({ messages: [{ role: 'user', parts }], tools: [{ ...look, parameters }] });
    expect(notices).toEqual([]);
    expect(object(list(body.tools)[0])?.input_schema).toEqual(parameters);
  });
  test('P2 other dialects’ lifetimes become the nearest that is long enough', () => {
    const ttl = (mark: '5m' | '30m' | '1h' | '12h') => object(encode({ cache: { ttl: mark } }).body.cache_control)?.ttl;
    expect([ttl('5m'), ttl('30m'), ttl('1h'), ttl('12h')]).toEqual(['5m', '1h', '1h', '1h']);
  });
  test('M4 a text document in base64 is sent as text, other formats are refused by name', () => {
    const document = (mediaType: string, data: string): Message => ({
      role: 'user',
      parts: [
        {
          type: 'media',
          kind: 'document',
          source: { type: 'base64', mediaType, data },
          name: 'notes',
          at: 'messages[0].content[0]',
        },
      ],
    });
    const { body } = encode({ messages: [document('text/markdown', 'IyBIaQ==')] });
    expect(object(list(body.messages)[0])?.content).toEqual([
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '# Hi' }, title: 'notes' },
    ]);
    expect(() => encode({ messages: [document('application/msword', 'AAAA')] })).toThrow('not application/msword');
  });
  test('M5 M6 audio and another vendor’s files are refused, not left out', () => {
    const part = (media: Part): Message => ({ role: 'user', parts: [media] });
    const audio: Part = {
      type: 'media',
      kind: 'audio',
      source: { type: 'base64', mediaType: 'audio/wav', data: '' },
      at: 'messages[0].content[1]',
    };
    expect(() => encode({ messages: [part(audio)] })).toThrow(
      expect.objectContaining({ kind: 'bad-request', details: { field: 'messages[0].content[1]' } }),
    );
    const file: Part = { type: 'media', kind: 'image', source: { type: 'file', dialect: 'openai-chat', id: 'file-1' } };
    expect(() => encode({ messages: [part(file)] })).toThrow('Send its content instead');
  });
  test('W3 another vendor’s search in the history is told as text', () => {
    const { body, fields } = encode({
      messages: [
        user('Hi'),
        assistant(
          { type: 'server-tool-call', id: 'ws_1', name: 'web_search', query: 'tides' },
          {
            type: 'server-tool-result',
            callId: 'ws_1',
            name: 'web_search',
            results: [{ url: 'https://a.example', title: 'A' }],
          },
        ),
        user('Go.'),
      ],
    });
    expect(object(list(body.messages)[1])?.content).toEqual([
      { type: 'text', text: '(Searched the web for: tides)' },
      { type: 'text', text: '(Web search results)\nA: https://a.example' },
    ]);
    expect(fields).toEqual(['approximated messages', 'approximated messages']);
  });
  test('W2 only citations with the vendor’s own reference go back', () => {
    const cited: Part = {
      type: 'text',
      text: 'So.',
      citations: [
        {
          type: 'url',
          url: 'https://a.example',
          quote: 'q',
          extras: { 'anthropic-messages': { '@encrypted_index': 'E' } },
        },
        { type: 'url', url: 'https://b.example' },
      ],
    };
    const { body, fields } = encode({ messages: [user('Hi'), assistant(cited), user('Go.')] });
    expect(object(list(body.messages)[1])?.content).toEqual([
      {
        type: 'text',
        text: 'So.',
        citations: [
          {
            type: 'web_search_result_location',
            cited_text: 'q',
            encrypted_index: 'E',
            title: null,
            url: 'https://a.example',
          },
        ],
      },
    ]);
    expect(fields).toEqual(['dropped messages.citations']);
  });
  test('H4 flags come with the fields that need them, and leave with them', () => {
    const flags = (extras: JsonObject) =>
      encode({ extras: { 'anthropic-messages': extras } }).headers?.['anthropic-beta'];
    expect(flags({})).toBeUndefined();
    expect(flags({ speed: 'fast', context_management: { edits: [] } })).toBe(
      'fast-mode-2026-02-01,context-management-2025-06-27',
    );
    expect(
      flags({ mcp_servers: [], '@betas': ['mcp-client-2025-04-04'] }),
      'the version the body was written for',
    ).toBe('mcp-client-2025-04-04');
    expect(flags({ '@betas': ['context-1m-2025-08-07', 'context-management-2025-06-27'] })).toBe(
      'context-1m-2025-08-07',
    );
  });
  test('H2 the first API version is the one all models take', () => {
    expect(encode({}).headers).toEqual({ 'anthropic-version': '2023-06-01' });
  });
  test('extras of another dialect is reported, bookkeeping is not', () => {
    expect(encode({ extras: { 'gemini-generate': { safetySettings: [], '@x': 1 } } }).fields).toEqual([
      'dropped safetySettings',
    ]);
  });
  test('N1 counting takes the prompt, and neither limit nor sampling', () => {
    const notices: Notice[] = [];
    const encoded = anthropicMessages.counting?.encodeRequest(
      {
        model: 'm',
        streaming: true,
        messages: [system('S', 'top'), user('Hi')],
        tools: [look],
        sampling: { temperature: 1 },
        endUser: 'u',
      },
      { facts: sonnet45, signer: 'x', report: (notice) => void notices.push(notice) },
    );
    expect(Object.keys(encoded?.body ?? {}).sort()).toEqual(['messages', 'model', 'system', 'tools']);
    expect(notices).toEqual([]);
    expect(anthropicMessages.counting?.decodeReply({ input_tokens: 14 })).toBe(14);
    expect(() => anthropicMessages.counting?.decodeReply({})).toThrow('input_tokens');
    expect(anthropicMessages.counting?.encodeReply(14)).toEqual({ input_tokens: 14 });
  });
});
