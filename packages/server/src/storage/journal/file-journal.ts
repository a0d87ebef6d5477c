import { atEndOfTurn } from '@proxy/node';
import { entryText, type Entry } from '../entry.ts';
import type { StoredCall } from '../stored-call.ts';
import { reasonOf } from './aside.ts';
import { FrameBuffer } from './frames.ts';
import type { Journal, Tell } from './journal.ts';
import type { Lock } from './lock.ts';
import type { Mover } from './mover.ts';
import { Segment } from './segment.ts';
import { told } from './told.ts';

/** A segment is begun anew behind this, so that files go when they are done with. */
const maxSegmentBytes = 8 * 1024 * 1024;
const syncMs = 1000;

interface Framed extends Entry {
  /** Of its frame, among the others. */
  readonly end: number;
}

/** Calls in a file before they are in the database. */
export class FileJournal implements Journal {
  readonly #folder: string;
  readonly #slot: number;
  readonly #lock: Lock;
  readonly #mover: Mover;
  readonly #tell: Tell;
  readonly #timer: NodeJS.Timeout;
  #segment: Segment | undefined;
  readonly #frames = new FrameBuffer();
  /** To be written. They are put into words together: one behind the other that costs half as much as each in between other work. */
  #gathered: StoredCall[] = [];
  /** Resolves when they are written. */
  #written: PromiseWithResolvers<void> | undefined;

  constructor(folder: string, slot: number, lock: Lock, mover: Mover, tell: Tell) {
    this.#folder = folder;
    this.#slot = slot;
    this.#lock = lock;
    this.#mover = mover;
    this.#tell = tell;
    this.#timer = setInterval(() => this.#segment?.sync(), syncMs).unref();
  }

  append(call: StoredCall, mayWait = false): Promise<void> | void {
    this.#gathered.push(call);
    if (!mayWait) return this.#write();
    if (this.#written) return this.#written.promise;
    const { promise } = (this.#written = Promise.withResolvers());
    // Behind all that this turn of the event loop reads: what ends within it is written at once.
    atEndOfTurn(() => this.#write());
    return promise;
  }

  settled(): Promise<void> {
    this.#write();
    return this.#mover.settled();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#write();
    this.#retire();
    await this.#mover.close();
    this.#lock.release();
  }

  #write(): void {
    const gathered = this.#gathered;
    if (gathered.length === 0) return;
    this.#gathered = [];
    const framed = gathered.map((call) => this.#framed(call)).filter((one) => one !== undefined);
    const frames = this.#frames.take();
    const segment = this.#appended(frames);
    const start = segment ? segment.size - frames.length : 0;
    for (const { row, charges, end } of framed) this.#mover.push({ row, charges, segment, position: start + end });
    this.#written?.resolve();
    this.#written = undefined;
  }

  /** Undefined: it cannot be put into words, which must not keep the others from the record, nor an answer from its caller. */
  #framed(call: StoredCall): Framed | undefined {
    try {
      const { row, charges } = told(call, this.#tell);
      return { row, charges, end: this.#frames.add(entryText(row)) };
    } catch (error) {
      const { requestId } = call;
      this.#tell('error', 'The record of a call cannot be written; it is lost.', {
        requestId,
        reason: reasonOf(error),
      });
      return undefined;
    }
  }

  /** Undefined: they could not be written, and are safe only once they are in the database. */
  #appended(frames: Buffer): Segment | undefined {
    try {
      if (this.#segment && this.#segment.size > maxSegmentBytes) this.#retire();
      const segment = (this.#segment ??= new Segment(this.#folder, this.#slot));
      segment.append(frames);
      return segment;
    } catch (error) {
      this.#tell('error', 'The journal cannot be written: calls may be lost if this process ends now.', {
        folder: this.#folder,
        reason: reasonOf(error),
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
