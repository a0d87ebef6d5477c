import { gatewayOf } from './gateway.ts';
import type { Bindings } from './environment.ts';

/** The whole gateway as a Cloudflare Worker: configured by its variables and secrets, built once per isolate. */
export default {
  fetch(request: Request, bindings: Bindings): Promise<Response> {
    built = built?.bindings === bindings ? built : { bindings, gateway: gatewayOf(bindings) };
    return built.gateway.fetch(request);
  },
};

let built: { readonly bindings: Bindings; readonly gateway: ReturnType<typeof gatewayOf> } | undefined;
