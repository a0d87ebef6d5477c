import { defineConfig } from 'tsup';
import manifest from './package.json' with { type: 'json' };

// One entry a subpath of package.json, so that a translator alone does not bring the gateway along.
const entry = Object.fromEntries(
  Object.values(manifest.exports)
    .filter((target) => typeof target === 'object')
    .map((target) => [target.default.replace('./dist/', '').replace(/\.js$/, ''), target['@proxy/source']]),
);

export default defineConfig({
  entry,
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  splitting: true,
  sourcemap: true,
  clean: true,
});
