import { EventStreamCodec } from '@smithy/eventstream-codec';
import { items, members, type Members } from '../rules/json.ts';
import { bearer, pieces, textOf, type Piece, type Reply, type Vendor } from './vendor.ts';

export const bedrockConverse: Vendor = {
  dialect: 'bedrock-converse',
  path: /^\/model\/[^/]+\/converse-stream$/,
  model: 'us.anthropic.claude-opus-4-6-v1',
  contentType: 'application/vnd.amazon.eventstream',
  key: bearer,
  read: (body) => ({
    pieces: [
      { type: 'text', text: textOf(body['system']) },
      ...items(body['messages']).flatMap(({ content }) => items(content).flatMap(piecesOf)),
    ],
    tools: items(members(body['toolConfig'])['tools']).map((tool) => String(members(tool['toolSpec'])['name'])),
  }),
  stream: (reply) => eventsOf(reply).map(([name, event]) => encoded(name, event)),
  refusal: (seconds) => ({
    status: 429,
    headers: { 'x-amzn-errortype': 'ThrottlingException', 'retry-after': String(seconds) },
    body: JSON.stringify({ message: 'Too many requests, please wait before trying again.' }),
  }),
};

function piecesOf(block: Members): readonly Piece[] {
  const { text, toolUse, toolResult, reasoningContent } = block;
  const use = members(toolUse);
  const result = members(toolResult);
  const signature = members(members(reasoningContent)['reasoningText'])['signature'];
  return [
    ...(typeof text === 'string' ? [{ type: 'text' as const, text }] : []),
    ...(toolUse ? [{ type: 'call' as const, id: String(use['toolUseId']), name: String(use['name']) }] : []),
    ...(toolResult
      ? [{ type: 'result' as const, id: String(result['toolUseId']), text: textOf(result['content']) }]
      : []),
    ...(typeof signature === 'string' ? [{ type: 'seal' as const, seal: signature }] : []),
  ];
}

function eventsOf({ thought, seal, text, calls }: Reply): readonly (readonly [string, object])[] {
  const blocks = [
    {
      deltas: [
        ...pieces(thought).map((piece) => ({ reasoningContent: { text: piece } })),
        { reasoningContent: { signature: seal } },
      ],
    },
    ...(text === undefined ? [] : [{ deltas: pieces(text).map((piece) => ({ text: piece })) }]),
    ...calls.map(({ id, name, args }) => ({
      start: { toolUse: { toolUseId: id, name } },
      deltas: pieces(JSON.stringify(args)).map((input) => ({ toolUse: { input } })),
    })),
  ];
  return [
    ['messageStart', { role: 'assistant' }],
    ...blocks.flatMap((block, at) => [
      ...('start' in block ? [['contentBlockStart', { contentBlockIndex: at, start: block.start }] as const] : []),
      ...block.deltas.map((delta) => ['contentBlockDelta', { contentBlockIndex: at, delta }] as const),
      ['contentBlockStop', { contentBlockIndex: at }] as const,
    ]),
    ['messageStop', { stopReason: calls.length > 0 ? 'tool_use' : 'end_turn' }],
    ['metadata', { usage: { inputTokens: 150, outputTokens: 70, totalTokens: 220 }, metrics: { latencyMs: 812 } }],
  ];
}

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString()),
  (text) => Buffer.from(text),
);

function encoded(name: string, event: object): Uint8Array {
  const texts = { ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' };
  const headers = Object.entries(texts).map(([key, value]) => [key, { type: 'string' as const, value }] as const);
  return codec.encode({ headers: Object.fromEntries(headers), body: Buffer.from(JSON.stringify(event)) });
}
