import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Distribution, registerHistogram } from './distribution.ts';

test('a histogram reads as one of prom-client does, those with the same labels together', async () => {
  const registry = new Registry();
  const some = [0.1, 0.2, 5].map((value) => {
    const distribution = new Distribution([0.1, 1]);
    distribution.add(value);
    return { labels: { model: 'm' }, distribution };
  });
  const empty = { labels: { model: 'unused' }, distribution: new Distribution([0.1, 1]) };
  registerHistogram(registry, { name: 'seconds', help: 'How long.', collect: () => [...some, empty] });
  const text = `# HELP seconds How long.
# TYPE seconds histogram
seconds_bucket{le="0.1",model="m"} 1
seconds_bucket{le="1",model="m"} 2
seconds_bucket{le="+Inf",model="m"} 3
seconds_sum{model="m"} 5.3
seconds_count{model="m"} 3
`;
  expect(await registry.metrics()).toBe(text);
  expect(await registry.metrics()).toBe(text);
});
