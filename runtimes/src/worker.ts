import { createGateway, fetchTransport, openaiCompatible } from '@proxy/core';

const gateway = createGateway({
  upstreams: [
    {
      name: 'vendor',
      provider: openaiCompatible,
      baseUrl: 'https://vendor.test/v1',
      credentials: [{ id: 'vendor-1', secret: 'vendor-secret' }],
    },
  ],
  ports: { transport: fetchTransport() },
});

export default { fetch: (request: Request) => gateway.fetch(request) };
