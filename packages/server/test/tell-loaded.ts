/** Loaded before a server (`--import`): when it ends, a file tells which modules it has loaded, and whether Intl's tables were. */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

Intl.DateTimeFormat = new Proxy(Intl.DateTimeFormat, {
  construct(format, args, made) {
    loaded.push('Intl.DateTimeFormat');
    return Reflect.construct(format, args, made) as object;
  },
});

process.on('exit', () => {
  // Not in the types: https://github.com/nodejs/node/blob/main/lib/internal/bootstrap/realm.js lists what is loaded of Node's own.
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  writeFileSync(process.env['LOADED'] ?? '', [...loaded, ...moduleLoadList].join('\n'));
});
