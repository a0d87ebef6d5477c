/** Must show 2: the real agents do a whole job through `proxy run`, against every kind of upstream. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startVendor, type RunningVendor } from '../../e2e/vendors/server.ts';
import { questionFaults } from '../../e2e/vendors/faults.ts';
import { vendors } from '../../e2e/vendors/index.ts';
import { vendorDialects, type VendorDialect } from '../../e2e/vendors/vendor.ts';
import { hands, type AgentName } from '../hands.ts';
import { createWorkplace, vendorKey, work, type Workplace } from '../session.ts';
import { createTask, farewell, prompt, turns } from '../task.ts';

const spoken = {
  claude: 'anthropic-messages',
  codex: 'openai-responses',
  gemini: 'gemini-generate',
} as const satisfies Record<AgentName, VendorDialect>;

/** A relay's bytes are the client's own, and Codex writes what OpenAI's published types lack. */
const codexOwn = /has the unknown member "(id|client_metadata)"$|\/content: is null, not array$/;

let place: Workplace;
let vendor: RunningVendor;
beforeEach(() => {
  place = createWorkplace();
});
afterEach(async () => {
  await vendor.close();
  place.remove();
});

describe.each(Object.keys(hands) as AgentName[])('%s', (agent) => {
  test.each(vendorDialects)('%s', { timeout: 120_000 }, async (dialect) => {
    vendor = await startVendor(dialect);
    const task = createTask(vendors[dialect], hands[agent], place.folder);
    vendor.answer((question) => task.decide(question));
    const { code, out, err } = await work(agent, vendor, place, prompt);
    const told = `${out}\n${err}\n${vendor.asked.map(({ path, raw }) => `${path} ${raw.slice(-600)}`).join('\n')}`;

    expect(code, told).toBe(0);
    expect(out).toContain(farewell);
    expect(place.file('greeting.txt')).toBe('Good evening, Köln.\n');
    expect(place.file('words.txt').trim()).toBe('3');
    const results = task.results();
    expect([...results.keys()].map((id) => id.slice(0, 10))).toHaveLength(6);
    const all = [...results.values()].join('\n');
    for (const seen of ['Good morning, Köln.', 'alpha-7', 'beta-9', 'Good evening, Köln.']) expect(all).toContain(seen);

    // One call a turn and the refused one: nothing was tried again in silence, or asked anew without a stream.
    expect(
      task.strays.map(({ raw }) => raw),
      'asides',
    ).toEqual([]);
    expect(
      vendor.asked.map(({ path }) => vendor.vendor.path.test(path)),
      told,
    ).toEqual(Array(turns + 1).fill(true));
    const faults = vendor.asked.flatMap((question, index) =>
      questionFaults(vendor.vendor, question, { relayed: dialect === spoken[agent], issued: task.seals }).map(
        (fault) => `request ${index + 1}: ${fault}`,
      ),
    );
    const own = agent === 'codex' && dialect === 'openai-responses' ? codexOwn : /^$/;
    expect(
      faults.filter((fault) => !own.test(fault)),
      'what the vendor would refuse',
    ).toEqual([]);
    for (const { headers } of vendor.asked) expect(vendor.vendor.key(headers)).toBe(vendorKey);
    // Z1: each turn's proof of thought has come back to the vendor that gave it. Chat has none; and Gemini CLI sends back what
    // calls are signed with, but no thoughts, so those of other vendors end with it.
    if (dialect === 'openai-chat' || (agent === 'gemini' && dialect !== 'gemini-generate')) return;
    const shown = vendor.asked.at(-1)?.seen.pieces.flatMap((piece) => (piece.type === 'seal' ? [piece.seal] : []));
    expect(shown).toEqual(task.seals.slice(0, -1));
  });
});
