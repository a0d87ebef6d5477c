import { describe, expect, test } from 'vitest';
import { text, type JsonObject } from '../json.ts';
import { dialects, names, requests, type Name } from '../testing/pairs.ts';
import { translateReply, translateRequest, translateStream } from '../translators.ts';

/** What a reply loses on its way into the caller's dialect is told, once for each kind of thing. */

interface Told {
  readonly whole: readonly string[];
  readonly streamed: readonly string[];
}

function told(client: Name, upstream: Name, reply: JsonObject, events: readonly JsonObject[], members: JsonObject = {}): Told {
  const request = { ...requests[client], ...members };
  const options = { from: dialects[client], to: dialects[upstream], model: 'm' };
  const stream = translateStream({ ...request, ...(client !== 'gemini' && { stream: true }) }, options);
  for (const event of events) stream.push(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
  stream.end();
  expect(stream.progress.failure).toBeUndefined();
  const fields = (notices: readonly { readonly type: string; readonly field: string }[]) => notices.map(({ type, field }) => `${type} ${field}`);
  return { whole: fields(translateReply(reply, request, options).notices), streamed: fields(stream.notices) };
} // prettier-ignore

const both = (...fields: string[]): Told => ({ whole: fields, streamed: fields });

/** One reply of each, whole and as events. */
const gemini = (...parts: JsonObject[]): [JsonObject, JsonObject[]] => {
  const chunk = (content: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({ candidates: [{ content: { role: 'model', parts: content }, index: 0, ...more }], modelVersion: 'up' });
  return [chunk(parts, { finishReason: 'STOP' }), [...parts.map((part) => chunk([part])), chunk([], { finishReason: 'STOP' })]];
}; // prettier-ignore
const chat = (choice: JsonObject, ...more: JsonObject[]): [JsonObject, JsonObject[]] => {
  const choices = [choice, ...more].map((one, index) => ({ index, finish_reason: 'stop', ...one }));
  const head = { id: 'c', created: 1, model: 'up' };
  const streamed = choices.map(({ message, ...rest }: JsonObject) => ({ ...rest, delta: message ?? {} }));
  return [{ ...head, object: 'chat.completion', choices }, [{ ...head, object: 'chat.completion.chunk', choices: streamed }]];
}; // prettier-ignore
const messages = (...content: JsonObject[]): [JsonObject, JsonObject[]] => {
  const head = { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } };
  const blocks = content.flatMap((block, index): JsonObject[] => [
    { type: 'content_block_start', index, content_block: block.type === 'text' ? { type: 'text', text: '' } : block },
    ...(block.type === 'text' ? [{ type: 'content_block_delta', index, delta: { type: 'text_delta', text: text(block.text) ?? '' } }] : []),
    ...(Array.isArray(block.citations) ? block.citations.map((citation) => ({ type: 'content_block_delta', index, delta: { type: 'citations_delta', citation } })) : []),
    { type: 'content_block_stop', index },
  ]);
  return [
    { ...head, content, stop_reason: 'end_turn' },
    [{ type: 'message_start', message: { ...head, content: [], stop_reason: null } }, ...blocks, { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } }, { type: 'message_stop' }],
  ];
}; // prettier-ignore

const hello: Readonly<Record<'chat' | 'messages' | 'gemini', [JsonObject, JsonObject[]]>> = {
  chat: chat({ message: { role: 'assistant', content: 'Hello' } }),
  messages: messages({ type: 'text', text: 'Hello' }),
  gemini: gemini({ text: 'Hello' }),
};

describe('a reply that loses nothing is told without a word', () => {
  for (const client of names)
    for (const upstream of ['chat', 'messages', 'gemini'] as const)
      test(`${upstream} to ${client}`, () => expect(told(client, upstream, ...hello[upstream])).toEqual(both()));
});

test('Z5 the signature behind the last text of a stream is lost to a Messages client alone', () => {
  const reply = gemini({ text: 'Hello' }, { text: '', thoughtSignature: 'c2ln' });
  expect(told('messages', 'gemini', ...reply)).toEqual({ whole: [], streamed: ['dropped reply.signature'] });
  for (const client of ['chat', 'responses'] as const) expect(told(client, 'gemini', ...reply), client).toEqual(both());
  const followed = gemini({ text: 'Hello', thoughtSignature: 'c2ln' }, { functionCall: { id: 'a', name: 'f', args: {} } });
  expect(told('messages', 'gemini', ...followed)).toEqual(both());
}); // prettier-ignore

test('W2 citations of a kind that only Claude has are lost to everybody else, and told once', () => {
  const page = { type: 'page_location', cited_text: 'x', document_index: 0, document_title: 'a', start_page_number: 1, end_page_number: 2 };
  const reply = messages({ type: 'text', text: 'Hello', citations: [page, page] }, { type: 'text', text: 'Again', citations: [page] });
  for (const client of ['chat', 'responses', 'gemini'] as const)
    expect(told(client, 'messages', ...reply), client).toEqual(both('dropped reply.citations'));
  expect(told('messages', 'messages', ...reply)).toEqual(both());
}); // prettier-ignore

test('W1 W3 a search has no form in Chat, nor has what only Claude runs anywhere', () => {
  const search = [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'tides' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
  ];
  const says = { type: 'text', text: 'Hello' };
  expect(told('chat', 'messages', ...messages(...search, says))).toEqual(both('dropped reply.web_search'));
  expect(told('responses', 'messages', ...messages(...search, says))).toEqual(both());
  const ran = { type: 'bash_code_execution_tool_result', tool_use_id: 'srvtoolu_2', content: {} };
  for (const client of ['chat', 'responses', 'gemini'] as const)
    expect(told(client, 'messages', ...messages(ran, ran, says)), client).toEqual(
      both('dropped reply.bash_code_execution_tool_result'),
    );
});

test('Q5 a second candidate has no place in Messages and Responses', () => {
  const two = chat({ message: { content: 'One' } }, { message: { content: 'Two' } });
  for (const client of ['messages', 'responses'] as const)
    expect(told(client, 'chat', ...two), client).toEqual(both('dropped reply.candidates'));
  expect(told('gemini', 'chat', ...two)).toEqual(both());
});

test('Q6 log probabilities stay with the vendor whose form they have', () => {
  const content = [{ token: 'Hello', logprob: -0.1, bytes: null, top_logprobs: [] }];
  const reply = chat({ message: { content: 'Hello' }, logprobs: { content, refusal: null } });
  for (const client of ['messages', 'responses', 'gemini'] as const)
    expect(told(client, 'chat', ...reply), client).toEqual(both('dropped reply.logprobs'));
  expect(told('chat', 'chat', ...reply)).toEqual(both());
});

test('M1 M5 media in replies: as they are, as a text with a link, or left out', () => {
  const inline = (mimeType: string) => gemini({ text: 'Here.' }, { inlineData: { mimeType, data: 'AAAA' } });
  const fates = {
    'image/png': { messages: both('approximated reply.image'), chat: both(), responses: both() },
    'audio/wav': { messages: both('approximated reply.audio'), chat: both(), responses: both() },
    'video/mp4': {
      messages: both('approximated reply.video'),
      chat: both('dropped reply.video'),
      responses: both('dropped reply.video'),
    },
  };
  for (const [mimeType, fate] of Object.entries(fates))
    for (const client of ['messages', 'chat', 'responses'] as const)
      expect(told(client, 'gemini', ...inline(mimeType)), `${mimeType} to ${client}`).toEqual(fate[client]);
});

test('F3 a call that was cut amid its arguments is left out for Gemini’s clients, with a word', () => {
  const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"n":' } };
  const cut = chat({ message: { content: null, tool_calls: [call] }, finish_reason: 'length' });
  expect(told('gemini', 'chat', ...cut)).toEqual(both('dropped reply.tool_calls'));
});

test('the old form of Chat has room for one call', () => {
  const calls = ['a', 'b'].map((id, index) => ({ functionCall: { id, name: 'f', args: { index } } }));
  const old = { functions: [{ name: 'f', parameters: { type: 'object', properties: {} } }] };
  expect(told('chat', 'gemini', ...gemini(...calls), old)).toEqual(both('dropped reply.tool_calls'));
});

test('each reply to one request has notices of its own, and the request’s stay its own', () => {
  const two = chat({ message: { content: 'One' } }, { message: { content: 'Two' } })[0];
  const request = translateRequest({ ...requests.messages, top_k: 5 }, { from: dialects.messages, to: dialects.chat, model: 'm' }); // prettier-ignore
  const before = request.notices.map(({ field }) => field);
  for (const _ of [1, 2]) expect(request.reply(two).notices.map(({ field }) => field)).toEqual(['reply.candidates']);
  expect(request.notices.map(({ field }) => field)).toEqual(before);
});
