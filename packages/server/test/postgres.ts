import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { afterAll } from 'vitest';
import { freePort } from './free-port.ts';
import { until } from './support.ts';

/** A PostgreSQL of this test file's own: started when first asked for, gone after its tests. */

const folders = [
  ...(process.env.PATH ?? '').split(delimiter),
  ...versionsIn('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
];
const programs = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));

/** Whether this machine has PostgreSQL. In CI it must, and asking for a database fails where it has not. */
export const postgresHere = programs !== undefined;
if (!postgresHere && process.env.CI !== 'true')
  process.stderr.write('PostgreSQL is not installed, so its tests are left out: run scripts/install-postgres.sh.\n');
export const leaveOutPostgres = !postgresHere && process.env.CI !== 'true';

let running: Promise<Cluster> | undefined;
let databases = 0;

/** The address of a new, empty database. */
export async function newPostgresDatabase(): Promise<string> {
  running ??= startCluster();
  const { address } = await running;
  const name = `test_${(databases += 1)}`;
  const client = new pg.Client({ connectionString: `${address}/postgres` });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return `${address}/${name}`;
}

interface Cluster {
  readonly address: string;
  readonly folder: string;
  readonly child: ChildProcess;
}

async function startCluster(): Promise<Cluster> {
  if (programs === undefined) throw new Error('PostgreSQL is not installed: run scripts/install-postgres.sh.');
  const folder = mkdtempSync(join(tmpdir(), 'proxy-postgres-'));
  const owner = ownerOf(folder);
  const data = join(folder, 'data');
  const settled = { ...owner, stdio: 'ignore' } as const;
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], settled); // prettier-ignore
  const port = await freePort();
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder, '-F', '-c', 'max_connections=60'],
    settled,
  );
  const address = `postgres://postgres@127.0.0.1:${port}`;
  await until('PostgreSQL answers', async () => {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}.`);
    const client = new pg.Client({ connectionString: `${address}/postgres` });
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  });
  return { address, folder, child };
}

afterAll(async () => {
  if (!running) return;
  const { child, folder } = await running;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGQUIT'); // at once: nobody needs the data any longer
  await ended;
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** PostgreSQL refuses to run as root; Debian makes a user for it. */
function ownerOf(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })));
  chownSync(folder, Number(uid), Number(gid));
  return { uid: Number(uid), gid: Number(gid) };
}

function versionsIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
