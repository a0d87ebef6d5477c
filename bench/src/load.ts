import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { answer } from './ipc.ts';
import { accessKey, modelFor } from './subjects.ts';
import { readStream } from './wire/read-stream.ts';
import type { DialectName, Shape } from './wire/shape.ts';
import { shapes } from './wire/shapes.ts';
import { mark, replyText, wholeText } from './wire/text.ts';

/** What to send to a subject. */
export interface Load {
  readonly port: number;
  readonly client: DialectName;
  /** Whose door of the mock upstream answers in the end: the client's own dialect when the subject does not convert. */
  readonly upstream: DialectName;
  readonly streaming: boolean;
  readonly requests: number;
  readonly concurrency: number;
  /** Each of the first `concurrency` requests begins so much later than the one before. */
  readonly staggerMs?: number;
  /** Size of the picture in each request. */
  readonly imageBytes?: number;
  /** Expected in each stream. */
  readonly deltas: number;
  /** Leave in the middle of the stream, once so many deltas have come. */
  readonly leaveAfter?: number;
  /** Read no more than about so many bytes a second. */
  readonly bytesPerSecond?: number;
  /** Read nothing for a while, once so many deltas have come. */
  readonly rest?: { readonly afterDeltas: number; readonly ms: number };
  /** Take every reply apart, instead of the first one only. */
  readonly verifyAll?: boolean;
}

export interface LoadResult {
  readonly completed: number;
  readonly deltas: number;
  readonly bytes: number;
  readonly wallMs: number;
  /** What was wrong with replies: the first few. */
  readonly complaints: readonly string[];
}

/** The load generator: a process of its own, so that what it spends is nobody else's. */
answer({ run });

const pools = new Map<number, Pool>();

async function run(load: Load): Promise<LoadResult> {
  const pool = pools.get(load.port) ?? new Pool(`http://127.0.0.1:${load.port}`, { connections: null, pipelining: 1 });
  pools.set(load.port, pool);
  const body = requestBody(load);
  const complaints: string[] = [];
  let begun = 0;
  let completed = 0;
  let deltas = 0;
  let bytes = 0;
  const started = performance.now();

  async function worker(index: number): Promise<void> {
    if (load.staggerMs) await sleep(index * load.staggerMs);
    while (begun < load.requests) {
      const verify = begun++ === 0 || load.verifyAll === true;
      const got = await exchange(pool, load, body, verify);
      deltas += got.deltas;
      bytes += got.bytes;
      if (got.complaint === undefined) completed++;
      else if (complaints.length < 5) complaints.push(got.complaint);
    }
  }
  await Promise.all(Array.from({ length: Math.min(load.concurrency, load.requests) }, (_, index) => worker(index)));
  return { completed, deltas, bytes, wallMs: performance.now() - started, complaints };
}

function requestBody({ client, upstream, streaming, imageBytes }: Load): Buffer {
  const image = imageBytes === undefined ? undefined : picture(imageBytes).toString('base64');
  return Buffer.from(shapes[client].request(modelFor(upstream), streaming, image));
}

/** As good as a PNG to whoever does not decode it: the signature, then bytes that look random and are the same in every run. */
function picture(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 16;
  }
  bytes.set(pngSignature);
  return bytes;
}

/** PNG specification, section 5.2. */
const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

interface Got {
  readonly deltas: number;
  readonly bytes: number;
  readonly complaint?: string;
}

const markByte = mark.charCodeAt(0);

function exchange(pool: Pool, load: Load, body: Buffer, verify: boolean): Promise<Got> {
  const shape: Shape = shapes[load.client];
  const finish = Buffer.from(shape.finishMark);
  return new Promise((resolve) => {
    const kept: Buffer[] = [];
    let status = 0;
    let deltas = 0;
    let bytes = 0;
    /** A slow reader's count of bytes when it last rested. */
    let rested = 0;
    let hasRest = load.rest !== undefined;
    let finished = false;
    let left = false;
    /** The end of the last chunk, in which a finish mark may have begun. */
    let tail: Buffer = Buffer.alloc(0);
    const conclude = (complaint: string | undefined) =>
      resolve({ deltas, bytes, ...(complaint !== undefined && { complaint }) });

    pool.dispatch(
      {
        path: shape.path(modelFor(load.upstream), load.streaming),
        method: 'POST',
        headers: { 'content-type': 'application/json', ...shape.headers(accessKey) },
        body,
        bodyTimeout: 30_000,
        headersTimeout: 30_000,
      },
      {
        // undici asks for it, whatever its types say.
        onRequestStart() {},
        onResponseStart(_controller, code) {
          status = code;
        },
        onResponseData(controller, chunk) {
          bytes += chunk.length;
          if (verify || !load.streaming || status !== 200) kept.push(chunk);
          if (!load.streaming) return;
          for (let at = chunk.indexOf(markByte); at >= 0; at = chunk.indexOf(markByte, at + 1)) deltas++;
          finished ||= chunk.includes(finish) || Buffer.concat([tail, chunk.subarray(0, 64)]).includes(finish);
          tail = Buffer.from(chunk.subarray(-64));
          if (load.leaveAfter !== undefined && deltas >= load.leaveAfter && !left) {
            left = true;
            controller.abort(new Error('This client leaves.'));
            conclude(finished ? 'The stream was over before the client could leave.' : undefined);
          } else if (load.rest && hasRest && deltas >= load.rest.afterDeltas) {
            hasRest = false;
            controller.pause();
            setTimeout(() => controller.resume(), load.rest.ms);
            rested = bytes;
          } else if (load.bytesPerSecond !== undefined && bytes - rested >= 1 << 16) {
            controller.pause();
            setTimeout(() => controller.resume(), (1000 * (bytes - rested)) / load.bytesPerSecond);
            rested = bytes;
          }
        },
        onResponseEnd() {
          const text = Buffer.concat(kept).toString();
          if (status !== 200) conclude(`Status ${status}: ${text.slice(0, 500)}`);
          else if (!load.streaming) conclude(complaintOfReply(shape, text));
          else if (!finished) conclude(`The stream ended after ${deltas} deltas without its finish.`);
          else if (deltas < load.deltas) conclude(`Only ${deltas} of ${load.deltas} deltas came.`);
          else conclude(verify ? complaintOfStream(shape, load, text) : undefined);
        },
        onResponseError(_controller, error) {
          if (!left) conclude(`${error.name}: ${error.message}, after ${deltas} deltas`);
        },
      },
    );
  });
}

function complaintOfReply(shape: Shape, body: string): string | undefined {
  try {
    const text = shape.textOfReply(JSON.parse(body));
    return text === replyText ? undefined : `The reply says ${JSON.stringify(text)}: ${body.slice(0, 500)}`;
  } catch (error) {
    return `The reply is not JSON (${String(error)}): ${body.slice(0, 500)}`;
  }
}

function complaintOfStream(shape: Shape, load: Load, body: string): string | undefined {
  try {
    const { text, finished } = readStream(shape, body);
    const expected = wholeText(shapes[load.upstream], load.deltas);
    if (!finished) return 'The stream has no finishing event.';
    return text === expected
      ? undefined
      : `The streamed text has ${text.length} characters and should have ${expected.length}, or differs.`;
  } catch (error) {
    return `The stream holds something that is not JSON: ${String(error)}`;
  }
}
