/** The four languages, and what a scripted upstream must know of each. */
export const dialectNames = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini-generate'] as const;
export type DialectName = (typeof dialectNames)[number];

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface UpstreamWords {
  /** The model's name there. */
  readonly model: string;
  /** Where the vendor is asked to generate. */
  readonly path: RegExp;
  /** Where the vendor counts tokens, and its whole answer for 120 of them; Chat has no such operation. */
  readonly count?: { readonly path: RegExp; readonly answer: string };
  /** The key a request shows, in whichever way the vendor accepts. */
  key(headers: Headers): string | undefined;
  asksForStream(path: string, body: Record<string, unknown>): boolean;
  modelOf(path: string, body: Record<string, unknown>): unknown;
  /** Added to every answer, as the vendor does. */
  readonly headers: Readonly<Record<string, string>>;
  /** The vendor's status for "overloaded". */
  readonly overloaded: 503 | 529;
}

/** A place that carries a dialect in its own way: other paths, another proof of who asks, an envelope. */
export interface PlaceWords extends UpstreamWords {
  /** The request as the dialect's own vendor would have got it, for the rules that hold there. */
  unwrapped(asked: WrappedRequest): WrappedRequest;
  /** What this place would refuse besides. */
  faults(asked: WrappedRequest): readonly string[];
  /** Its token endpoint: whom it recognizes it gives a token, everybody else an error. */
  readonly token?: {
    readonly path: RegExp;
    answer(form: URLSearchParams): Promise<{ readonly status: number; readonly body: object }>;
  };
}

export interface WrappedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly model: unknown;
}

const geminiPath = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent\?alt=sse)$/;

const openai = {
  model: 'gpt-5.5',
  key: (headers: Headers) => bearer(headers),
  asksForStream: (_path: string, body: Record<string, unknown>) => body['stream'] === true,
  modelOf: (_path: string, body: Record<string, unknown>) => body['model'],
  headers: { 'x-request-id': 'req_7f3c1e9b2d', 'openai-processing-ms': '412', 'openai-version': '2020-10-01' },
  overloaded: 503,
} as const;

export const upstreamWords: Readonly<Record<DialectName, UpstreamWords>> = {
  'openai-chat': { ...openai, path: /^\/v1\/chat\/completions$/ },
  'openai-responses': {
    ...openai,
    path: /^\/v1\/responses$/,
    count: {
      path: /^\/v1\/responses\/input_tokens$/,
      answer: '{"object": "response.input_tokens", "input_tokens": 120}',
    },
  },
  'anthropic-messages': {
    ...openai,
    model: 'claude-opus-5-5',
    path: /^\/v1\/messages(\?beta=true)?$/,
    count: { path: /^\/v1\/messages\/count_tokens(\?beta=true)?$/, answer: '{"input_tokens":120}' },
    key: (headers) => text(headers['x-api-key']) ?? bearer(headers),
    headers: { 'request-id': 'req_011CSHoEeqs5C35K2UUqR7Fy', 'anthropic-organization-id': 'org-e2e' },
    overloaded: 529,
  },
  'gemini-generate': {
    model: 'gemini-3.1-pro-preview',
    path: geminiPath,
    count: {
      path: /^\/v1(?:beta)?\/models\/[^/:]+:countTokens$/,
      answer: '{\n  "totalTokens": 120,\n  "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 120}]\n}\n',
    },
    key: (headers) => text(headers['x-goog-api-key']),
    asksForStream: (path) => path.includes(':streamGenerateContent'),
    modelOf: (path) => geminiPath.exec(path)?.[1],
    headers: { 'server-timing': 'gfet4t7; dur=812', vary: 'Origin' },
    overloaded: 503,
  },
};

function bearer(headers: Headers): string | undefined {
  return /^Bearer (.+)$/.exec(text(headers['authorization']) ?? '')?.[1];
}

function text(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
