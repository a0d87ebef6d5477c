import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { folder } from '../support.ts';

const program = fileURLToPath(new URL('without-network.ts', import.meta.url));
/** A network of its own with the loopback alone, for a process of anybody's where the kernel allows that. */
const alone = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'];
const able = spawnSync('unshare', [...alone, 'true']).status === 0;

test.skipIf(!able)(
  'A23 with the upstream alone in reach, no database server, no Redis and no internet, it serves',
  () => {
    const cwd = folder();
    const run = [process.execPath, '-C', '@proxy/source', program];
    const { stdout, stderr } = spawnSync('unshare', [...alone, ...run], {
      cwd,
      env: { PATH: process.env.PATH ?? '', HOME: cwd, DATABASE_PATH: join(cwd, 'data/proxy.db') },
      timeout: 60_000,
    });
    expect(stdout.toString().trim().split('\n').at(-1), stderr.toString()).toBe('internet unreachable, answer 200 hi');
  },
  60_000,
);
