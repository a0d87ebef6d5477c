import { lookup as lookUp, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { Failure } from '@proxy/core';
import type { Dispatcher } from 'undici';
import { Agent, buildConnector } from './undici.ts';

/** Which addresses may be connected to, whatever name they hide behind. */
export interface Guard {
  /** An address as the resolver or the system writes it: `10.0.0.1`, `::ffff:10.0.0.1`. */
  readonly allows: (address: string) => boolean;
  /** Every address of a name; absent: the system's resolver. */
  readonly resolve?: (
    hostname: string,
    done: (error: NodeJS.ErrnoException | null, addresses?: readonly LookupAddress[]) => void,
  ) => void;
}

/**
 * Connects to no address that the guard does not allow. A name is resolved once, every address of it is checked, and the socket
 * goes to one of those that were: whoever answers another address a moment later is not asked again.
 */
export function guardedDispatcher(guard: Guard, connectTimeoutMs: number): Dispatcher {
  const connector = buildConnector({ timeout: connectTimeoutMs, lookup: guardedLookup(guard), allowH2: false });
  return new Agent({
    maxOrigins: 1000,
    connect(options, done) {
      const host = options.hostname.replace(/^\[|\]$/g, '');
      // An address is no name: nobody looks it up.
      if (isIP(host) !== 0 && !guard.allows(host)) return done(barred(host), null);
      connector(options, (error, socket) => {
        if (error) done(error, null);
        else if (allowsPeer(guard, socket)) done(null, socket);
        else {
          socket.destroy();
          done(barred(host), null);
        }
      });
    },
  });
}

/** Belt and braces: what the system says it is connected to. */
function allowsPeer(guard: Guard, { remoteAddress }: Socket): boolean {
  return remoteAddress !== undefined && guard.allows(remoteAddress);
}

function guardedLookup({ allows, resolve = addressesOf }: Guard): LookupFunction {
  return (hostname, { all }, done) => {
    resolve(hostname, (error, addresses = []) => {
      const [first] = addresses;
      if (error) done(error, '');
      // One bad address among good ones is how a name is made to lead inside.
      else if (!first || !addresses.every(({ address }) => allows(address))) done(barred(hostname), '');
      else if (all === true) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
  };
}

const addressesOf: NonNullable<Guard['resolve']> = (hostname, done) => lookUp(hostname, { all: true }, done);

/** Says nothing of what the name resolves to: that would map our network for strangers. */
function barred(host: string): Failure {
  return new Failure('forbidden', `"${host}" is no public address, so it is not connected to.`);
}
