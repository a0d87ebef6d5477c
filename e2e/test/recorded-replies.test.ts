/**
 * Every reply and stream recorded beside the dialects, read by every vendor's own SDK through the gateway: it must be
 * accepted (law 8), and whole and streamed must say the same (law 5).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../clients/client.ts';
import { dialectNames, type DialectName } from '../dialects.ts';
import type { RunningGateway } from '../gateway.ts';
import { recordingsOf, type Recording } from '../recordings.ts';
import { finishWords } from '../scenarios.ts';
import { freshGateway, hello, startUpstreams, type Upstreams } from '../stages.ts';

let upstreams: Upstreams;
let gateway: RunningGateway;

beforeAll(async () => {
  upstreams = await startUpstreams();
  gateway = await freshGateway(upstreams, () => ['the-key']);
});
afterAll(async () => {
  await gateway.close();
  await upstreams.close();
});

describe.each(dialectNames)('%s replies', (to) => {
  const recordings = recordingsOf(to).filter(({ reply, stream }) => reply ?? stream);

  test('are there', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(30);
  });

  describe.each(dialectNames)('%s client', (client) => {
    test.each(recordings.map((recording) => [recording.stem, recording] as const))('%s', async (_, recording) => {
      const bugs = gateway.log.length;
      const whole = recording.reply && (await ask(client, to, recording, false));
      const streamed = recording.stream && (await ask(client, to, recording, true));
      expect(gateway.log.slice(bugs), 'bugs').toEqual([]);
      if (streamed && recording.fails) {
        expect(isCleanEnd(streamed, client), JSON.stringify(streamed)).toBe(false);
        // The only key may rest now, and the next recording would not be asked for.
        await gateway.close();
        gateway = await freshGateway(upstreams, () => ['the-key']);
      }
      // Relayed bytes are the vendor's own, and not every SDK takes what every vendor writes.
      if (client === to) return;
      for (const outcome of [whole, !recording.fails && streamed])
        if (outcome) expect(isTaken(outcome, recording), JSON.stringify(outcome)).toBe(true);
      if (whole && streamed && !recording.fails)
        expect(essence(streamed), 'streamed and whole say the same').toEqual(essence(whole));
    });
  });
});

async function ask(
  client: DialectName,
  to: DialectName,
  { reply, stream }: Recording,
  streaming: boolean,
): Promise<Outcome> {
  const bytes = (streaming ? stream : reply) ?? Buffer.alloc(0);
  const contentType = streaming ? 'text/event-stream' : 'application/json';
  // 61 bytes: most events come in several pieces, and some characters too.
  upstreams.of(to).script({ type: 'bytes', bytes, contentType, chunkBytes: streaming ? 61 : 1021 });
  return hello(gateway, client, to).turn({ stream: streaming });
}

/** DeepSeek says in the finish reason that it failed; relayed, that is the client's to read. */
function isCleanEnd({ error, finish }: Outcome, client: DialectName): boolean {
  return error === undefined && (finish === '' || Object.values(finishWords[client]).includes(finish));
}

/** A call that the model itself wrote broken fails a Responses reply (translation.md, table a1). */
function isTaken({ error, finish }: Outcome, { stem }: Recording): boolean {
  return error === undefined || (finish === 'failed' && stem.includes('malformed-call'));
}

function essence({ text, reasoning, refusal, calls, finish, usage }: Outcome): unknown {
  // Half the arguments of a call that was cut off: the SDKs make of it what they can, and nobody may run it (F3).
  const cut = ['max_tokens', 'length', 'max_output_tokens', 'MAX_TOKENS'].includes(finish);
  return {
    text,
    reasoning,
    refusal,
    finish,
    usage,
    calls: calls.map(({ name, args }) => (cut ? name : { name, args })),
  };
}
