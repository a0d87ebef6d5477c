import { createGateway, openaiCompatible } from '@proxy/core';
import { createTransport, toNodeHandler } from '@proxy/node';
import express, { type Express } from 'express';

/** An app with routes of its own, and an endpoint for every LLM SDK at `/ai`. */
export function createApp(upstreamUrl: string, apiKey: string): Express {
  const gateway = createGateway({
    upstreams: [
      {
        name: 'vendor',
        provider: openaiCompatible,
        baseUrl: upstreamUrl,
        credentials: [{ id: 'vendor-1', secret: apiKey }],
      },
    ],
    ports: { transport: createTransport() },
  });

  const app = express();
  app.get('/hello', (_request, response) => void response.send('Hello from the app.'));
  app.use('/ai', toNodeHandler(gateway));
  return app;
}
