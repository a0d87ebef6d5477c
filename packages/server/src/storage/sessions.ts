import { createHash } from 'node:crypto';
import { present } from './row.ts';
import type { Database } from './tables.ts';

/** A browser that has logged in. */
export interface Session {
  /** Who: a user's id, or `admin`. */
  readonly subject: string;
  readonly role: string;
  /** What unsafe requests must bring beside the cookie. */
  readonly csrf: string;
  readonly address?: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Sessions {
  /** `token` is what the cookie will hold; only its hash is kept. */
  create(token: string, session: Session): Promise<void>;
  /** Undefined: unknown, or over. */
  find(token: string, now: number): Promise<Session | undefined>;
  prolong(token: string, expiresAt: number): Promise<void>;
  end(token: string): Promise<void>;
  /** Ends all sessions of somebody; returns how many. */
  endAllOf(subject: string): Promise<number>;
  /** Forgets those that are over; returns how many. */
  sweep(now: number): Promise<number>;
}

export function sessionsIn(db: Database): Sessions {
  return {
    async create(token, { address, ...session }) {
      await db
        .insertInto('sessions')
        .values({ hash: hashOf(token), address: address ?? null, ...session })
        .execute();
    },
    async find(token, now) {
      const row = await db
        .selectFrom('sessions')
        .select(['subject', 'role', 'csrf', 'address', 'createdAt', 'expiresAt'])
        .where('hash', '=', hashOf(token))
        .where('expiresAt', '>', now)
        .executeTakeFirst();
      return row && present(row);
    },
    async prolong(token, expiresAt) {
      await db.updateTable('sessions').set({ expiresAt }).where('hash', '=', hashOf(token)).execute();
    },
    async end(token) {
      await db.deleteFrom('sessions').where('hash', '=', hashOf(token)).execute();
    },
    async endAllOf(subject) {
      const { numDeletedRows } = await db.deleteFrom('sessions').where('subject', '=', subject).executeTakeFirst();
      return Number(numDeletedRows);
    },
    async sweep(now) {
      const { numDeletedRows } = await db.deleteFrom('sessions').where('expiresAt', '<=', now).executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}

// A token is random and long: a plain hash cannot be guessed back.
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
