import { mkdirSync } from 'node:fs';
import type { Bookkeeping } from '../book-calls.ts';
import type { StoredCall } from '../stored-call.ts';
import type { Storage } from '../storage.ts';
import { beside } from '../place.ts';
import { asideIn } from './aside.ts';
import { tryLock, type Lock } from './lock.ts';
import { Mover } from './mover.ts';
import { recordText } from './record-text.ts';
import { lockPath, recoverJournal } from './recover.ts';
import { Segment } from './segment.ts';

/**
 * The way of a call onto the record. `append` hands it to the operating system before the answer's last byte leaves, so that no end of
 * this process loses it; from there it is moved into the database in batches, once.
 */
export interface Journal {
  append(call: StoredCall): void;
  /** Resolves when everything that was appended is in the database. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly books?: readonly Bookkeeping[];
  readonly tell: Tell;
}

/** What people should know: calls that were recovered, a disk that is full, a database that is away. */
export type Tell = (level: 'info' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** A segment is begun anew behind this, so that files go when they are done with. */
const maxSegmentBytes = 8 * 1024 * 1024;
const syncMs = 1000;

/** Takes in what earlier processes left, and begins a journal of this one's own. In memory there is nothing to take in. */
export async function openJournal(storage: Storage, { books = [], tell }: JournalOptions): Promise<Journal> {
  const folder = beside(storage.place, 'calls');
  const aside = asideIn(folder, tell);
  const mover = new Mover(storage, { books, tell, aside });
  if (storage.place.type === 'memory' && storage.place.withoutCalls) return { append: () => undefined, ...ends(mover) };
  if (folder === undefined) return { append: (call) => mover.push(call, jsonOf(call, tell)), ...ends(mover) };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { slot, lock } = takeSlot(folder);
  try {
    const { calls, damaged } = await recoverJournal(storage.db, folder, slot, books, aside);
    if (calls > 0) tell('info', 'Calls of a process that ended early are on record now.', { calls });
    for (const path of damaged) tell('error', 'A part of the journal is damaged; what follows it is lost.', { path });
  } catch (error) {
    lock.release();
    throw error;
  }
  return new FileJournal(folder, slot, lock, mover, tell);
}

function ends(mover: Mover): Pick<Journal, 'settled' | 'close'> {
  return { settled: () => mover.settled(), close: () => mover.close() };
}

function jsonOf(call: StoredCall, tell: Tell): string {
  const { json, cut } = recordText(call);
  if (cut) tell('error', 'A record was too long: its texts and lists are cut.', { requestId: call.requestId });
  return json;
}

function takeSlot(folder: string): { readonly slot: number; readonly lock: Lock } {
  for (let slot = 0; ; slot += 1) {
    const lock = tryLock(lockPath(folder, slot));
    if (lock) return { slot, lock };
  }
}

class FileJournal implements Journal {
  readonly #folder: string;
  readonly #slot: number;
  readonly #lock: Lock;
  readonly #mover: Mover;
  readonly #tell: Tell;
  readonly #timer: NodeJS.Timeout;
  #segment: Segment | undefined;

  constructor(folder: string, slot: number, lock: Lock, mover: Mover, tell: Tell) {
    this.#folder = folder;
    this.#slot = slot;
    this.#lock = lock;
    this.#mover = mover;
    this.#tell = tell;
    this.#timer = setInterval(() => this.#segment?.sync(), syncMs).unref();
  }

  append(call: StoredCall): void {
    const json = jsonOf(call, this.#tell);
    const segment = this.#written(json);
    this.#mover.push(call, json, segment);
  }

  settled(): Promise<void> {
    return this.#mover.settled();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#retire();
    await this.#mover.close();
    this.#lock.release();
  }

  /** Undefined: it could not be written, and is safe only once it is in the database. */
  #written(json: string): Segment | undefined {
    try {
      if (this.#segment && this.#segment.size > maxSegmentBytes) this.#retire();
      const segment = (this.#segment ??= new Segment(this.#folder, this.#slot));
      segment.append(json);
      return segment;
    } catch (error) {
      this.#tell('error', 'The journal cannot be written: calls may be lost if this process ends now.', {
        folder: this.#folder,
        reason: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    }
  }

  #retire(): void {
    const segment = this.#segment;
    this.#segment = undefined;
    if (!segment) return;
    segment.close();
    this.#mover.retire(segment);
  }
}
