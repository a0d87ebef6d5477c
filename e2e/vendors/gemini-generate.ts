import { items, members, type Members } from '../rules/json.ts';
import { pieces, sse, textOf, type Piece, type Reply, type Vendor } from './vendor.ts';

export const geminiGenerate: Vendor = {
  dialect: 'gemini-generate',
  path: /^\/v1(?:beta)?\/models\/[^/:]+:streamGenerateContent\?alt=sse$/,
  model: 'gemini-3.1-pro-preview',
  contentType: 'text/event-stream',
  key: (headers) => (typeof headers['x-goog-api-key'] === 'string' ? headers['x-goog-api-key'] : undefined),
  read: (body) => ({
    pieces: [
      { type: 'text', text: textOf(members(body['systemInstruction'])['parts']) },
      ...items(body['contents']).flatMap(({ parts }) => items(parts).flatMap(piecesOf)),
    ],
    tools: items(body['tools']).flatMap((tool) => items(tool['functionDeclarations']).map(({ name }) => String(name))),
  }),
  stream: (reply, id) => sse(chunksOf(reply, id), false),
  refusal: (seconds) => ({
    status: 429,
    headers: {}, // Google's servers say it in the body alone
    body: JSON.stringify({
      error: {
        code: 429,
        message: 'You exceeded your current quota.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` }],
      },
    }),
  }),
};

function piecesOf(part: Members): readonly Piece[] {
  const { functionCall, functionResponse, thoughtSignature, text, thought } = part;
  const call = members(functionCall);
  const result = members(functionResponse);
  return [
    ...(typeof thoughtSignature === 'string' ? [{ type: 'seal' as const, seal: thoughtSignature }] : []),
    ...(typeof text === 'string' && thought !== true ? [{ type: 'text' as const, text }] : []),
    ...(functionCall ? [{ type: 'call' as const, id: String(call['id']), name: String(call['name']) }] : []),
    ...(functionResponse
      ? [{ type: 'result' as const, id: String(result['id']), text: JSON.stringify(result['response']) }]
      : []),
  ];
}

function chunksOf({ thought, seal, text, calls }: Reply, id: string): readonly object[] {
  const usage = { promptTokenCount: 150, candidatesTokenCount: 30, thoughtsTokenCount: 40, totalTokenCount: 220 };
  const chunk = (parts: readonly object[], more: object = {}) => ({
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
    usageMetadata: usage,
    modelVersion: 'gemini-3.1-pro-preview',
    responseId: id,
  });
  // The first call carries the signature, or the last text where nothing is called.
  const proof = { thoughtSignature: seal };
  return [
    ...pieces(thought).map((piece) => chunk([{ text: piece, thought: true }])),
    ...(text === undefined ? [] : pieces(text).map((piece) => chunk([{ text: piece }]))),
    ...calls.map((call, index) =>
      chunk([{ functionCall: { id: call.id, name: call.name, args: call.args }, ...(index === 0 && proof) }]),
    ),
    chunk(calls.length > 0 ? [] : [{ text: '', ...proof }], { finishReason: 'STOP' }),
  ];
}
