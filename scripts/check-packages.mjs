// What would be published: built, packed, and looked at with publint and attw. ESM only, by intention.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url));
let failed = false;
for (const name of ['core', 'node', 'server']) {
  const cwd = fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));
  for (const [command, ...args] of [
    ['publint', '--strict', '--pack', 'npm'],
    ['attw', '--pack', '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'],
  ]) {
    try {
      execFileSync(`${bin}${command}`, args, { cwd, stdio: 'pipe', encoding: 'utf8' });
      console.log(`@proxy/${name}: ${command} is content`);
    } catch (error) {
      failed = true;
      console.error(`@proxy/${name}: ${command} complains\n${error.stdout}${error.stderr}`);
    }
  }
}
if (failed) process.exit(1);
