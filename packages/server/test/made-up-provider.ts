import { openaiChat, type Provider } from '@proxy/core';

/** A place with addresses and a proof of its own: the whole of what a new provider costs, but for its line in the registry. */
export const madeUp: Provider = {
  name: 'made-up',
  speaks: [openaiChat],
  endpoint: ({ baseUrl, model }) => `${baseUrl}/rooms/${model}/talk`,
  authorize: ({ url, headers }, { secret }) => {
    const model = /rooms\/([^/]+)/.exec(url)?.[1];
    return { url: `${url}?signature=${secret}-${model}`, headers };
  },
};
