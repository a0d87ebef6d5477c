/** The exchanges recorded beside the dialects in packages/core. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { DialectName } from './dialects.ts';

export interface Recording {
  readonly stem: string;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** As bytes, because they are served as they are. */
  readonly reply?: Buffer;
  readonly stream?: Buffer;
  /** The stream breaks off. */
  readonly fails: boolean;
}

export function recordingsOf(dialect: DialectName): readonly Recording[] {
  const folder = new URL(`../packages/core/src/dialects/${dialect}/cases/`, import.meta.url);
  const stems = new Set(readdirSync(folder).map((file) => file.split('.')[0] ?? ''));
  const bytes = (name: string) => {
    const file = new URL(name, folder);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  const json = <T>(name: string) => {
    const source = bytes(name);
    return source && (JSON.parse(source.toString()) as T); // a recording of that kind
  };
  return [...stems].sort().map((stem) => {
    const request = json<Record<string, unknown>>(`${stem}.request.json`);
    const reply = bytes(`${stem}.reply.json`);
    const stream = bytes(`${stem}.stream.sse`);
    return {
      stem,
      headers: json<Record<string, string>>(`${stem}.headers.json`) ?? {},
      fails: 'streamFailure' in (json<object>(`${stem}.hub.json`) ?? {}),
      ...(request && { request }),
      ...(reply && { reply }),
      ...(stream && { stream }),
    };
  });
}
