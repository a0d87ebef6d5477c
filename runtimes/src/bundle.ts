import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const core = fileURLToPath(new URL('../../packages/core/', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/** The core's whole unit test suite as one file that asks nothing of its runtime but Web standards. */
export async function bundleSuite(entry: string): Promise<string> {
  const tests = globSync('src/**/*.test.ts', { cwd: core }).sort();
  const imports = tests.map((file) => `import ${JSON.stringify(resolve(core, file))};`);
  return bundle(`${imports.join('\n')}\nexport { run } from ${JSON.stringify(`${here}vitest-shim.ts`)};\n${entry}`);
}

/** Source text, bundled for any runtime. */
export async function bundle(source: string): Promise<string> {
  const result = await build({
    stdin: { contents: source, resolveDir: here, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    platform: 'neutral',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['@proxy/source', 'workerd', 'worker', 'browser', 'import'],
    alias: { vitest: `${here}vitest-shim.ts` },
    // The SDKs name Node's modules behind guards that never open outside of Node.
    external: ['node:*', 'fs', 'path', 'crypto', 'stream', 'ws', 'http', 'https', 'url', 'util', 'os', 'buffer'],
    plugins: [rawGlobs],
    // The core calls its files free of side effects; its tests are nothing but.
    ignoreAnnotations: true,
    logLevel: 'error',
  });
  return result.outputFiles[0]?.text ?? '';
}

/** What Vite does with `import.meta.glob(…, { query: '?raw' })`: the files' texts, by path. */
const rawGlobs: Plugin = {
  name: 'raw-globs',
  setup(builder) {
    builder.onLoad({ filter: /packages\/core\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace(
        /import\.meta\.glob(?:<\w+>)?\(\s*'([^']+)',\s*\{[^}]*\},?\s*\)/g,
        (_, pattern: string) => JSON.stringify(textsOf(dirname(path), pattern)),
      );
      return { contents, loader: 'ts' };
    });
  },
};

function textsOf(folder: string, pattern: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const file of globSync(resolve(folder, pattern)).sort()) {
    const path = relative(folder, file);
    found[path.startsWith('.') ? path : `./${path}`] = readFileSync(file, 'utf8');
  }
  return found;
}
