import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { freePort } from '../free-port.ts';
import { must, podman, run } from './engine.ts';
import { checkout, registry } from './images.ts';

const engine = inject('engine');

/**
 * What `docker` is where podman-docker is installed, but that it knows `compose` as Docker's own does, and that a build gets to the
 * npm registry of this machine.
 */
const docker = `#!/bin/sh
case $1 in
  compose) shift; exec docker-compose "$@" ;;
  build) shift; exec podman build ${registry(engine).join(' ')} "$@" ;;
  *) exec podman "$@" ;;
esac
`;

let projects = 0;

/** A fresh clone of this repository, to be started and stopped in; taken down after the test. */
export async function project() {
  const name = `proxy${process.pid}-${(projects += 1)}`;
  const folder = await checkout(engine, name);
  const programs = join(engine.home, 'bin');
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, 'docker'), docker);
  chmodSync(join(programs, 'docker'), 0o755);
  const address = `127.0.0.1:${await freePort()}`;
  const env = {
    PATH: [programs, process.env.PATH, '/usr/sbin'].join(delimiter),
    COMPOSE_PROJECT_NAME: name,
    COMPOSE_DOCKER_CLI_BUILD: '1',
    PUBLISH: address,
  };
  const call = (program: string, args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) =>
    must(engine, program, args, { cwd: folder, env: { ...env, ...more }, timeoutMs: 300_000 });
  onTestFinished(async () => void (await run(engine, 'docker-compose', ['down'], { cwd: folder, env })));
  return {
    folder,
    url: `http://${address}`,
    /** The service's container. */
    container: () => podman(engine, 'ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`),
    start: () => call('./start.sh'),
    stop: () => call('./stop.sh'),
    compose: (...args: readonly string[]) => call('docker', ['compose', ...args]),
    /** With a published address that need not be free. */
    config: (published: string) => call('docker', ['compose', 'config'], { PUBLISH: published }),
    /** What goes on writing until it is ended. */
    following: { cwd: folder, env },
  };
}
