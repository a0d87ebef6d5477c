/** Must show 2: the real agents do a whole job through `proxy run`, against every kind of upstream. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startVendor, type RunningVendor } from '../../e2e/vendors/server.ts';
import { vendors } from '../../e2e/vendors/index.ts';
import { vendorDialects } from '../../e2e/vendors/vendor.ts';
import { hands, type AgentName } from '../hands.ts';
import { createWorkplace, vendorKey, work, type Workplace } from '../session.ts';
import { createTask, farewell, prompt, turns } from '../task.ts';

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
    for (const { headers } of vendor.asked) expect(vendor.vendor.key(headers)).toBe(vendorKey);
  });
});
