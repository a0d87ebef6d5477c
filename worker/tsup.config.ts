import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

const manifest = readFileSync(new URL('../packages/server/package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(manifest) as { version: string }; // our own

/** One file, from the workspace's sources, that asks nothing of its runtime but Web standards. */
export default defineConfig({
  entry: { worker: 'src/index.ts' },
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  noExternal: [/./],
  define: { PROXY_VERSION: JSON.stringify(version) },
  minifySyntax: true,
  clean: true,
  // What others load when it is asked for is in the file as well.
  splitting: false,
  esbuildOptions(options) {
    options.conditions = ['@proxy/source', 'workerd', 'worker', 'browser', 'import'];
    options.mainFields = ['browser', 'module', 'main'];
  },
});
