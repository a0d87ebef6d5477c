import * as registry from '../dialects/registry.ts';
import type { Dialect, Glance, HeaderMap } from '../dialects/dialect.ts';
import type { Json, JsonObject } from '../json.ts';

/** A recorded exchange: cases/<stem>.{request,reply,error,hub,glance,headers}.json and .stream.sse. */
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
    const stream = files[`${folder}${stem}.stream.sse`];
    const request = json('request');
    const reply = json('reply');
    const error = json('error') as Case['error'];
    const glance = { ...defaultGlance(request), ...json('glance') };
    return {
      dialect,
      stem,
      glance,
      headers: (json('headers') ?? {}) as HeaderMap, // our own recordings
      hub: json('hub') ?? {},
      ...(request && { request }),
      ...(reply && { reply }),
      ...(error && { error }),
      ...(stream !== undefined && { stream: new TextEncoder().encode(stream) }),
    };
  });
}

function defaultGlance(request: JsonObject | undefined): Glance {
  const model = typeof request?.model === 'string' ? request.model : 'gemini-3.1-pro-preview';
  return { model, streaming: request?.stream === true };
}
