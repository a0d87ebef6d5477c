// ad hoc A/B: node zz-ab.ts relay-json rounds variant...   variant = name[@dir][:flags]
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { startHelper } from './ipc.ts';
import { send } from './send.ts';
import { start } from './processes.ts';
import { scenarios, sizeOf, slices, unitsIn } from './scenarios.ts';
import { subjects, accessKey } from './subjects.ts';
const [scen, rounds, ...variants] = process.argv.slice(2);
const by = (n: string) => subjects.find((s) => s.name === n)!;
const list = variants.map((v) => {
  const [, kind, dir, flags = ''] = /^(\w+)(?:@([^:]+))?(?::(.*))?$/.exec(v)!;
  const base = by(kind);
  return { ...base, name: v.replaceAll('/', '_'), prepare(a: any) {
    const cmd = [...base.prepare(a)] as string[]; const envs = flags.split(',').filter((f) => f.startsWith('ZZ')); if (envs.length) cmd.unshift('/usr/bin/env', ...envs.map((e) => e + '=1'));
    if (dir) for (const i in cmd) cmd[i] = cmd[i].replace('/work/main', dir);
    if (flags) {
      const file = join(a.directory, 'proxy.json');
      const c = JSON.parse(require('node:fs').readFileSync(file, 'utf8'));
      for (const f of flags.split(',')) {
        if (f === 'nostorage') c.storage = 'none';
        if (f === 'memory') c.storage = 'memory';
        if (f === 'nometrics') delete c.records;
        if (f === 'metrics') c.records = { metrics: true };
        if (f === 'nobudgets') c.users[0].limits = {};
        if (f === 'noprices') delete c.prices;
        if (f === 'prices') c.prices = [{ model: 'bench-*', input: 1, output: 2 }];
      }
      writeFileSync(file, JSON.stringify(c));
    }
    return cmd as never;
  } };
});
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const bench = { upstream: startHelper('./upstream.ts'), load: startHelper('./load.ts'), smoke: false };
const upstreamPort = await bench.upstream.ask<number>('listen');
const running = [];
for (const s of list) running.push(await start(s as never, upstreamPort));
const scenario = scenarios.find((s) => s.name === scen)!;
for (const r of running) await send(bench, r, scenario, sizeOf(scenario.kind, 'warm-up'));
const res = new Map<any, number[]>(running.map((r) => [r, []]));
const size = sizeOf(scenario.kind, 'full'); const many = slices[scenario.kind];
for (let round = 0; round < Number(rounds); round++) {
  const before = new Map(running.map((r) => [r, r.cpuSeconds()]));
  for (let s = 0; s < many; s++) for (const r of (round + s) % 2 ? running : running.toReversed()) await send(bench, r, scenario, { ...size, load: { ...size.load, requests: size.load.requests / many } });
  await sleep(300);
  for (const r of running) res.get(r)!.push((r.cpuSeconds() - before.get(r)!) * 1e6 / unitsIn(size));
}
const med = (a: number[]) => [...a].sort((x, y) => x - y)[a.length >> 1];
const first = res.get(running[0])!;
for (const r of running) { const a = res.get(r)!; console.log(r.subject.name.padEnd(40), med(a).toFixed(1).padStart(7), 'ratio', med(a.map((x, i) => x / first[i])).toFixed(2), '(' + Math.min(...a).toFixed(1) + '–' + Math.max(...a).toFixed(1) + ')'); }
await Promise.all(running.map((r) => r.stop())); bench.upstream.stop(); bench.load.stop();
