import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { demandEngine, openEngine, type Engine } from './engine.ts';
import { buildImage, checkout, nodeSlim, tell } from './images.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly engine: Engine;
  }
}

/** Once for all files: an engine, the image that ours is made from, and ours. */
export default async function setup(project: TestProject): Promise<() => void> {
  demandEngine();
  const { engine, close } = openEngine();
  // An interrupted run ends without asking anybody to clean up.
  process.on('exit', close);
  process.once('SIGTERM', () => process.exit(143));
  try {
    await nodeSlim(engine, 24);
    tell('The image is built from the Dockerfile.');
    const context = await checkout(engine, 'context');
    await buildImage(engine, context);
    rmSync(context, { recursive: true });
    tell('It is built.');
  } catch (error) {
    close();
    throw error;
  }
  project.provide('engine', engine);
  return close;
}
