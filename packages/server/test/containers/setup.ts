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
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  demandEngine();
  const { engine, close } = openEngine();
  try {
    await nodeSlim(engine, 24);
    tell('The image is built from the Dockerfile.');
    const context = await checkout(engine, 'context');
    await buildImage(engine, context);
    rmSync(context, { recursive: true });
    tell('It is built.');
  } catch (error) {
    await close();
    throw error;
  }
  project.provide('engine', engine);
  return close;
}
