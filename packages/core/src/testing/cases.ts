import { EventStreamCodec } from '@smithy/eventstream-codec';
import { joinBytes } from '../bytes/join.ts';
import * as registry from '../dialects/registry.ts';
import type { Dialect, Glance, HeaderMap } from '../dialects/dialect.ts';
import type { Json, JsonObject } from '../json.ts';

/** A recorded exchange: cases/<stem>.{request,reply,error,hub,glance,headers}.json and .stream.sse, or .stream.jsonl where frames are binary. */
export interface Case {
  readonly dialect: Dialect;
  readonly stem: string;
  readonly request?: JsonObject;
  readonly reply?: JsonObject;
  readonly stream?: Uint8Array;
  readonly error?: { readonly status: number; readonly headers?: HeaderMap; readonly body: Json };
  readonly glance: Glance;
  readonly headers: HeaderMap;
  readonly hub: JsonObject;
}

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => new TextEncoder().encode(text),
);

/** Where the model is not in the body. */
const defaultModels: Readonly<Record<string, string>> = {
  'gemini-generate': 'gemini-3.1-pro-preview',
  'bedrock-converse': 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
};

const files = import.meta.glob('../dialects/*/cases/*', { query: '?raw', import: 'default', eager: true });

export const dialects: readonly Dialect[] = Object.values(registry);
export const cases: readonly Case[] = dialects.flatMap(casesOf);

function casesOf(dialect: Dialect): readonly Case[] {
  const folder = `../dialects/${dialect.name}/cases/`;
  const stems = new Set(
    Object.keys(files)
      .filter((path) => path.startsWith(folder))
      .map((path) => path.slice(folder.length).split('.')[0] ?? ''),
  );
  return [...stems].sort().map((stem) => {
    const json = (kind: string) => {
      const text = files[`${folder}${stem}.${kind}.json`];
      return text === undefined ? undefined : (JSON.parse(text) as JsonObject); // our own recordings
    };
    const stream = streamOf(files[`${folder}${stem}.stream.sse`], files[`${folder}${stem}.stream.jsonl`]);
    const request = json('request');
    const reply = json('reply');
    const error = json('error') as Case['error'];
    const glance = { ...defaultGlance(request, dialect.name), ...json('glance') };
    return {
      dialect,
      stem,
      glance,
      headers: (json('headers') ?? {}) as HeaderMap, // our own recordings
      hub: json('hub') ?? {},
      ...(request && { request }),
      ...(reply && { reply }),
      ...(error && { error }),
      ...(stream && { stream }),
    };
  });
}

/** The bytes as they were, or AWS's binary messages: a line of headers and body each, framed by AWS's own codec. */
function streamOf(text: string | undefined, lines: string | undefined): Uint8Array | undefined {
  if (lines === undefined) return text === undefined ? undefined : new TextEncoder().encode(text);
  const messages = lines.split('\n').filter((line) => line !== '');
  return joinBytes([new Uint8Array(), ...messages.map((line) => awsMessage(JSON.parse(line) as Recorded))]); // our own recordings
}

interface Recorded {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  /** Only so many bytes of it came. */
  readonly cut?: number;
}

function awsMessage({ headers, body, cut }: Recorded): Uint8Array {
  const texts = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]);
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return codec.encode({ headers: Object.fromEntries(texts) as never, body: bytes }).slice(0, cut); // headers of texts are headers
}

function defaultGlance(request: JsonObject | undefined, dialect: string): Glance {
  const model = typeof request?.model === 'string' ? request.model : (defaultModels[dialect] ?? 'some-model');
  return { model, streaming: request?.stream === true };
}
