import { Failure } from '../conversation/failure.ts';
import type { Dialect, Door, HeaderMap } from '../dialects/dialect.ts';
import type { Direction } from './direction.ts';
import type { Call, Doors } from './recognize.ts';
import { destinationsOf } from './route.ts';
import type { Running } from './running.ts';

/** The same gateway, its counters and its rests, for one request that comes with a direction. */
export function directed(gateway: Running, direction: Direction): Running {
  const { upstreams, callers, transport, otherPaths, refusal, callersRefusal, withoutKeys } = direction;
  const options = upstreams ? { ...gateway.options, upstreams, routes: [] } : gateway.options;
  const usual = upstreams ? (model: string) => destinationsOf(options, model) : gateway.destinationsOf;
  const others = gateway.dialects.find(({ name }) => name === otherPaths);
  return {
    ...gateway,
    options,
    ports: { ...gateway.ports, ...(callers && { callers }), ...(transport && { transport }) },
    destinationsOf: (model) => direction.destinations?.(model, usual) ?? usual(model),
    doors: others ? withOtherPaths(gateway.doors, others) : gateway.doors,
    ...(refusal && { refusal }),
    ...(callersRefusal && { callersRefusal }),
    ...(withoutKeys && { withoutKeys }),
  };
}

function withOtherPaths({ find, paths }: Doors, dialect: Dialect): Doors {
  return {
    paths,
    find(method, url, headers) {
      const known = find(method, url, headers);
      const operation = known?.knock.door.operation;
      return known && operation !== 'list-models' && operation !== 'get-model' ? known : other(method, url, headers);
    },
  };

  function other(method: string, url: string, headers: HeaderMap): Call | undefined {
    const passed = methods.find((one) => one === method);
    if (!passed) return undefined;
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const isForm = /^\s*multipart\/form-data/i.test(headers['content-type'] ?? '');
    const door: Door = {
      method: passed,
      path,
      operation: 'other',
      relay: {
        model: 'none',
        ...(isForm && { form: 'only' }),
        usage: (reply) => dialect.watch.whole(reply)?.usage,
      },
    };
    return {
      dialect,
      knock: { door, params: {}, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark)), headers },
    };
  }
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A path that is sent on as it came must not lead out of where the upstream's base URL points. @throws Failure */
export function checkedPath(path: string): string {
  const plain = /^(\/(?!\.{1,2}(\/|$))[\w.~!$&'()*+,;=:@-]*)+$/;
  if (plain.test(path.replace(/%(?!2[ef]|5c|00)[0-9a-f]{2}/gi, '_'))) return path;
  throw new Failure('bad-request', 'Malformed path: no ".." nor encoded slashes and dots may stand in it.');
}
