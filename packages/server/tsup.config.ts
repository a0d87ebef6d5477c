import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/main.ts', 'src/portable.ts'],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  splitting: true,
  clean: true,
  sourcemap: true,
  // node:sqlite is known by that name alone.
  removeNodeProtocol: false,
  // Of these two we use a third, and Node would load all of their 350 files: nine megabytes. They stay dependencies, for the types.
  noExternal: ['kysely', 'zod'],
});
