// For PM2, once built (npm start builds, or pnpm build): pm2 start ecosystem.config.cjs && pm2 save && pm2 startup
const { join } = require('node:path');

module.exports = {
  apps: [
    {
      name: 'proxy',
      cwd: __dirname,
      script: 'packages/server/dist/main.js',
      args: 'serve',
      // The Node that the installation brought along.
      interpreter: join(__dirname, 'node_modules/.bin/node'),
      env: { NODE_ENV: 'production' },
      autorestart: true,
      // Running streams may end: server.drainSeconds is 30.
      kill_timeout: 35_000,
    },
  ],
};
