import { anthropic, createGateway, fetchTransport } from '@proxy/core';
import { Hono } from 'hono';

const gateway = createGateway({
  upstreams: [{ name: 'claude', provider: anthropic, credentials: [{ id: 'claude-1', secret: 'sk-ant-example' }] }],
  // Every model that callers ask for becomes this one.
  routes: [{ model: '*', targets: [{ upstream: 'claude', model: 'claude-sonnet-4-5' }] }],
  ports: { transport: fetchTransport() },
});

export const app = new Hono();
app.get('/', (context) => context.text('Try POST /v1/chat/completions.'));
app.all('/v1/*', (context) => gateway.fetch(context.req.raw));

export default app;
