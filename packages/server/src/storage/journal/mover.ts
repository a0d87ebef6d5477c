import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Bookkeeping } from '../book-calls.ts';
import type { Entry } from '../entry.ts';
import type { Storage } from '../storage.ts';
import type { SetAside } from './aside.ts';
import { bookEntries } from './book-entries.ts';
import type { Tell } from './journal.ts';
import { forgetPosition, moveTo } from './position.ts';
import type { Segment } from './segment.ts';
import { entriesAtOnce, takeIn } from './take-in.ts';

/** Long enough to gather many calls, short enough that people see theirs. */
const gatherMs = 200;
/** Beyond this, calls are read from the journal's files again, so that a database that is away does not fill the memory. */
const maxQueued = 10_000;
/** Nobody sweeps a database in memory for want of room on a disk. */
const keptInMemory = 10_000;
/** A database that fails is asked again after this, then twice as long, and so on. */
const firstPauseMs = 500;
const maxPauseMs = 10_000;

export interface Queued extends Entry {
  /** Undefined: it is in no file. */
  readonly segment: Segment | undefined;
  /** Behind it in the file. */
  readonly position: number;
}

interface MoverOptions {
  readonly books: readonly Bookkeeping[];
  readonly tell: Tell;
  readonly aside: SetAside;
}

/** Moves calls from the journal into the database, in their order and in batches, off the reply path. */
export class Mover {
  readonly #storage: Storage;
  readonly #books: readonly Bookkeeping[];
  readonly #tell: Tell;
  readonly #aside: SetAside;
  #queue: Queued[] = [];
  /** Segments that are written to no more, and may go once they have been moved. */
  readonly #retired: Segment[] = [];
  /** Segments of which entries were left out of the queue: the oldest first. */
  #spilled: Segment[] = [];
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** So many of the queue are not to wait for more. */
  #due = 0;
  #closing = false;
  /** Calls put on record since the oldest in memory were forgotten. */
  #sinceTrim = 0;

  constructor(storage: Storage, { books, tell, aside }: MoverOptions) {
    this.#storage = storage;
    this.#books = books;
    this.#tell = tell;
    this.#aside = aside;
  }

  push(queued: Queued): void {
    const { segment } = queued;
    if (segment && this.#spilled.length > 0) this.#spill(segment);
    else {
      this.#queue.push(queued);
      if (this.#queue.length > maxQueued) this.#spillAll();
    }
    if (!this.#running) this.#schedule();
  }

  /** Nothing more is written to it: its file goes when the database has it all. */
  retire(segment: Segment): void {
    this.#retired.push(segment);
  }

  /** Resolves when the database has everything, or has failed. */
  settled(): Promise<void> {
    return this.#startAll();
  }

  /** What cannot be moved now stays in the files for the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#startAll();
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  /** A batch that is full is moved before its calls grow old in memory. */
  #schedule(): void {
    if (this.#queue.length >= entriesAtOnce) this.#immediate ??= setImmediate(() => void this.#start());
    else this.#timer ??= setTimeout(() => void this.#startAll(), gatherMs).unref();
  }

  #startAll(): Promise<void> {
    this.#due = this.#queue.length;
    return this.#start();
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = this.#immediate = undefined;
    if (this.#idle()) return Promise.resolve();
    return (this.#running ??= this.#run());
  }

  /** Less than a batch waits for more: moving it costs as much as moving many. */
  #idle(): boolean {
    const waits = this.#due === 0 && this.#queue.length < entriesAtOnce;
    return waits && this.#spilled.length === 0 && this.#retired.length === 0;
  }

  async #run(): Promise<void> {
    let pauseMs = firstPauseMs;
    let failed = false;
    // Idle is asked and running is over in one breath: whatever is pushed later is scheduled anew.
    while (!this.#idle() && !(failed && this.#closing)) {
      try {
        await this.#step();
        failed = false;
        pauseMs = firstPauseMs;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (!failed) this.#tell('error', 'Calls cannot be put on record now; they wait in the journal.', { reason });
        failed = true;
        if (!this.#closing) await sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, maxPauseMs);
      }
    }
    this.#running = undefined;
    if (this.#queue.length > 0 && !this.#closing) this.#schedule();
  }

  async #step(): Promise<void> {
    if (this.#queue.length > 0) return this.#moveSome();
    if (this.#spilled[0]) return this.#catchUp(this.#spilled[0]);
    const [retired] = this.#retired;
    if (retired) await this.#remove(retired);
    this.#retired.shift();
  }

  async #moveSome(): Promise<void> {
    const batch = this.#queue.slice(0, entriesAtOnce);
    await bookEntries(this.#storage.db, batch, {
      books: this.#books,
      aside: this.#aside,
      async mark(tx, entries) {
        const ends = new Map<Segment, number>();
        for (const { segment, position } of entries) if (segment) ends.set(segment, position);
        for (const [{ id }, position] of ends) await moveTo(tx, id, position);
      },
      done: (entries) => this.#forget(entries),
    });
    if (this.#storage.place.type === 'memory') await this.#trim(batch.length);
  }

  /** Still the first of the queue, but some of them may have been spilled meanwhile. */
  #forget(entries: readonly Queued[]): void {
    const moved = new Set(entries);
    const rest = this.#queue.findIndex((queued) => !moved.has(queued));
    const { length } = this.#queue.splice(0, rest < 0 ? this.#queue.length : rest);
    this.#due = Math.max(0, this.#due - length);
  }

  async #trim(more: number): Promise<void> {
    this.#sinceTrim += more;
    if (this.#sinceTrim < keptInMemory / 10) return;
    this.#sinceTrim = 0;
    await this.#storage.calls.keepLatest(keptInMemory);
  }

  /** The database was away, and the queue too long: the file has what was left out. */
  async #catchUp(segment: Segment): Promise<void> {
    const { size } = segment; // more may be written while it is read, and the next step reads that
    const taken = await takeIn(this.#storage.db, segment, this.#books, this.#aside);
    if (taken && taken.position >= size && size < segment.size) return;
    if (!taken || taken.position < size)
      this.#tell('error', 'A file of the journal was removed or damaged; calls in it are lost.', {
        path: segment.path,
      });
    this.#spilled = this.#spilled.filter((other) => other !== segment);
  }

  #spillAll(): void {
    for (const { segment } of this.#queue) if (segment) this.#spill(segment);
    // Those that are in no file have nowhere else to be.
    this.#queue = this.#queue.filter(({ segment }) => !segment);
    this.#due = Math.min(this.#due, this.#queue.length);
  }

  #spill(segment: Segment): void {
    if (!this.#spilled.includes(segment)) this.#spilled.push(segment);
  }

  async #remove({ id, path }: Segment): Promise<void> {
    const { db, place } = this.#storage;
    // What has been committed is on the disk only after a checkpoint (synchronous = NORMAL), and the file is the other copy.
    if (place.type === 'sqlite') await sql`pragma wal_checkpoint(passive)`.execute(db);
    rmSync(path, { force: true });
    await forgetPosition(db, id);
  }
}
