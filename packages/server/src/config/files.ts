import type { ConnectionConfig, WrittenConnection } from './connection.ts';

/** What a configuration may have elsewhere than in its text. */
export interface Files {
  /** A key's file, without the line break at its end; `beside`: the configuration that names it. @throws Error naming the path. */
  key(path: string, beside?: string): string;
  /** A connection with every file read. @throws Error naming the member at fault, never a secret. */
  connection(written: WrittenConnection, beside?: string): ConnectionConfig;
}
