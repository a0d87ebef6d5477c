import type { Framing, ReplyFraming } from '../bytes/framing.ts';
import type { Inbound } from './translation.ts';

/** How the caller reads a stream. Every dialect that has doors can be written. */
export function callersFraming({ dialect, knock }: Pick<Inbound, 'dialect' | 'knock'>): Framing {
  const framing = dialect.framingOf?.(knock) ?? dialect.framing;
  if (!isWritten(framing)) throw new Error(`${dialect.name} is spoken to; nobody can be answered in it.`);
  return framing;
}

function isWritten(framing: ReplyFraming & Partial<Framing>): framing is Framing {
  return framing.writer !== undefined;
}
